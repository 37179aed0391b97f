// Reads the frame of nft's text listing: tables, their flags, the devices of base chains.
#include "audit/rules.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

std::string unquoted(std::string_view word) {
  while (!word.empty() && (word.back() == ',' || word.back() == ';' || word.back() == '"')) word.remove_suffix(1);
  while (!word.empty() && word.front() == '"') word.remove_prefix(1);
  return std::string{word};
}

// type filter hook egress device "up0" priority 0; | … devices = { "a", "b" } priority 0;
std::vector<std::string> devices_of(const std::vector<std::string_view>& words) {
  std::vector<std::string> devices;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "device") devices.push_back(unquoted(words[i + 1]));
    if (words[i] != "devices") continue;
    for (std::size_t j = i + 3; j < words.size() && words[j] != "}"; ++j) devices.push_back(unquoted(words[j]));
  }
  return devices;
}

}  // namespace

NftSkeleton parse_nft_skeleton(std::string_view text) {
  NftSkeleton skeleton;
  std::string chain;
  for_each_line(text, [&](int, std::string_view line) {
    const auto words = words_of(line);
    if (words.empty()) return;
    if (line.starts_with("table ") && words.size() >= 4) {
      skeleton.tables.push_back({std::string{words[1]}, std::string{words[2]}});
      chain.clear();
    } else if (skeleton.tables.empty()) {
      return;
    } else if (line.starts_with("\tflags ")) {
      auto& table = skeleton.tables.back();
      table.flagged = true;
      table.dormant |= line.find("dormant") != std::string_view::npos;
    } else if (line.starts_with("\tchain ") && words.size() >= 2) {
      chain = words[1];
    } else if (line.starts_with("\t\ttype ") && !chain.empty()) {
      const auto& table = skeleton.tables.back();
      if (auto devices = devices_of(words); !devices.empty())
        skeleton.device_chains.push_back({table.family + " " + table.name, chain, std::move(devices)});
    }
  });
  return skeleton;
}

}  // namespace sekisho
