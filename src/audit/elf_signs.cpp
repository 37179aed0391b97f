// Reads the ELF header and program headers (elf(5)) of bytes that an attacker chose; looks for packers and for strings of known bots.
#include "audit/elf_signs.h"

#include <elf.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>

namespace sekisho {
namespace {

struct FamilySign {
  std::string_view text, family;
};
// Strings that public analyses and rules name (FACTS sections 3 and 11). Each is long enough not to occur by chance.
constexpr FamilySign kFamilySigns[] = {
    {"dvrHelper", "Mirai family"},
    {"/bin/busybox MIRAI", "Mirai family"},
    {"/bin/busybox ECCHI", "Mirai family"},
    {"/bin/busybox SORA", "Mirai family"},
    {"/bin/busybox JOSHO", "Mirai family"},
    {"/bin/busybox OWARI", "Mirai family"},
    {"MIRAI: applet not found", "Mirai family"},
    {"TSource Engine Query", "Mirai family (VSE flood)"},
    {"Connected To CNC", "Mirai family"},
    {"listening tun0", "Mirai family"},
    {"/cdn-cgi/l/chk_captcha", "Mirai family (HTTP flood)"},
    {"Mozi.m", "Mozi"},
    {"Mozi.a", "Mozi"},
    {"[ss]botv2", "Mozi"},
    {"!* SCANNER ON", "Gafgyt family"},
    {"PONG!\n", "Gafgyt family"},
    {"gayfgt", "Gafgyt family"},
};

constexpr std::string_view machine_name(unsigned machine) {
  switch (machine) {
    case EM_386: return "x86";
    case EM_X86_64: return "x86-64";
    case EM_ARM: return "ARM";
    case EM_AARCH64: return "ARM64";
    case EM_MIPS: return "MIPS";
    case EM_PPC: return "PowerPC";
    case EM_PPC64: return "PowerPC64";
    case EM_SH: return "SuperH";
    case EM_SPARC: return "SPARC";
    case EM_68K: return "m68k";
    case EM_RISCV: return "RISC-V";
    case 93: return "ARC";
    default: return "another processor";
  }
}
constexpr bool is_native(unsigned machine) {
#if defined(__x86_64__)
  return machine == EM_X86_64 || machine == EM_386;
#elif defined(__aarch64__)
  return machine == EM_AARCH64 || machine == EM_ARM;
#else
  return true;
#endif
}

// Numbers of the file, in its own byte order; 0 beyond the end.
struct Reader {
  std::string_view bytes;
  bool big;
  std::uint64_t at(std::size_t offset, std::size_t size) const {
    if (offset > bytes.size() || bytes.size() - offset < size) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<std::uint8_t>(bytes[offset + (big ? i : size - 1 - i)]);
      value = value << 8 | byte;
    }
    return value;
  }
};

// Shannon entropy of bytes, 0 to 8 bits.
double entropy(std::string_view bytes) {
  if (bytes.size() < 4096) return 0;
  std::array<std::size_t, 256> counts{};
  for (const char c : bytes) ++counts[static_cast<std::uint8_t>(c)];
  double sum = 0;
  for (const auto n : counts)
    if (n) sum -= double(n) / double(bytes.size()) * std::log2(double(n) / double(bytes.size()));
  return sum;
}

}  // namespace

std::vector<std::string> family_signs(std::string_view bytes) {
  std::vector<std::string> found;
  for (const auto& sign : kFamilySigns)
    if (::memmem(bytes.data(), bytes.size(), sign.text.data(), sign.text.size())) {
      auto text = std::string{sign.text};
      if (text.ends_with('\n')) text.pop_back();
      found.push_back(fmt::format("{} (\"{}\")", sign.family, text));
    }
  return found;
}

ElfSigns elf_signs(std::string_view bytes) {
  ElfSigns signs;
  signs.is_elf = bytes.size() >= 52 && bytes.starts_with("\177ELF");
  if (!signs.is_elf) return signs;
  const bool wide = bytes[4] == ELFCLASS64;
  const Reader r{bytes, bytes[5] == ELFDATA2MSB};
  const auto type = r.at(16, 2), machine = r.at(18, 2);
  signs.object_file = type == ET_REL;
  signs.machine = machine_name(static_cast<unsigned>(machine));
  signs.foreign = !is_native(static_cast<unsigned>(machine));
  const auto headers = wide ? r.at(32, 8) : r.at(28, 4);
  const auto header_size = r.at(wide ? 54 : 42, 2), header_count = r.at(wide ? 56 : 44, 2), section_count = r.at(wide ? 60 : 48, 2);
  bool interpreter = false;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(header_count, 128) && headers < bytes.size(); ++i)
    interpreter |= r.at(headers + i * header_size, 4) == PT_INTERP;
  signs.static_linked = !interpreter;
  signs.shared_object = type == ET_DYN && !interpreter;
  signs.stripped = section_count == 0;
  const auto magic = bytes.find("UPX!");
  const double bits = entropy(bytes);
  if (magic != std::string_view::npos && signs.stripped)
    signs.packed = true, signs.packer = "UPX";
  else if (signs.stripped && signs.static_linked && bits > 7.2)
    signs.packed = true, signs.packer = fmt::format("an unnamed packer (entropy {:.1f} of 8 bits)", bits);
  signs.families = family_signs(bytes);
  return signs;
}

std::string describe(const ElfSigns& signs) {
  if (!signs.is_elf) return {};
  std::string text = fmt::format("ELF for {}", signs.machine);
  if (signs.packed) text += ", packed with " + signs.packer;
  if (signs.static_linked && !signs.shared_object) text += ", statically linked";
  if (signs.stripped) text += ", without section headers";
  for (const auto& family : signs.families) text += ", " + family;
  return text;
}

}  // namespace sekisho
