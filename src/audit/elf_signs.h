// What the bytes of an executable say without running it: packed, for which machine, names of known bots in it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho {

struct ElfSigns {
  bool is_elf = false;
  bool object_file = false;     // a compiler's: cannot be run
  bool foreign = false;         // built for another kind of processor than this program
  bool shared_object = false;   // a library: no interpreter, not an executable type
  bool static_linked = false;   // no interpreter
  bool stripped = false;        // no section headers at all: what strip and packers leave
  bool packed = false;
  std::string packer;           // "UPX", or "unnamed (entropy 7.8)"
  std::string machine;          // "ARM", "MIPS", …
  std::vector<std::string> families;  // "Mirai family ("dvrHelper")"
};

// `bytes`: the file from its start, as much as was read (4 MiB are plenty). Total: any bytes give an answer.
ElfSigns elf_signs(std::string_view bytes);
// Signs of known bots in any bytes: what elf_signs puts into `families`.
std::vector<std::string> family_signs(std::string_view bytes);
// "packed with UPX, static, for MIPS, Mirai family (…)"; empty: nothing special.
std::string describe(const ElfSigns& signs);

}  // namespace sekisho
