// The port table as data. Weights and families: FACTS section 4; the article's list (23, 2323, 80, 8080, 8443, 9527, 48101, 37215, 52869)
// is part of it.
#include "detect/port_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace sekisho {
namespace {

constexpr std::string_view kHttpSweeps = "CVE-2018-10561 CVE-2018-10562 CVE-2021-36260 CVE-2024-3721 CVE-2023-33538 CVE-2024-7029";
constexpr auto R = Grounds::read, K = Grounds::known, B = Grounds::article;

// clang-format off
constexpr PortEntry kPorts[] = {
    {22, 25, "SSH", "RapperBot", "", R},
    {23, 55, "telnet", "", "CVE-2020-9054", R},
    {26, 25, "telnet on another port", "", "", K},
    {80, 20, "HTTP", "", kHttpSweeps, R},
    {81, 35, "GoAhead IP camera", "Persirai, Reaper", "", K},
    {82, 35, "GoAhead IP camera", "Persirai, Reaper", "", K},
    {83, 35, "GoAhead IP camera", "Persirai, Reaper", "", K},
    {84, 35, "GoAhead IP camera", "Persirai, Reaper", "", K},
    {88, 35, "GoAhead IP camera", "Persirai, Reaper", "", K},
    {1900, 35, "UPnP SOAP", "Mozi, Hajime forks", "", K},
    {2222, 35, "SSH on another port", "RapperBot", "", R},
    {2323, 60, "telnet on another port", "", "CVE-2016-10401", R},
    {2601, 25, "vendor command line", "", "", K},
    {4567, 15, "TR-069 (Netgear, Actiontec)", "", "", K},
    {5358, 30, "device port of variant lists", "", "", K},
    {5431, 35, "UPnP SOAP (Broadcom)", "Mozi, Hajime forks", "", K},
    {5555, 45, "Android debug bridge, TR-064", "ADB.Miner, Matryosh, Kimwolf, xlabs_v1", "", R},
    {6001, 15, "device port of variant lists", "", "", K},
    {6789, 30, "device port of variant lists", "", "", K},
    {7547, 55, "TR-069", "Annie (TR-064 worm)", "", R},
    {7574, 30, "device port of variant lists", "", "", K},
    {8080, 20, "HTTP", "", kHttpSweeps, R},
    {8081, 20, "HTTP", "", kHttpSweeps, R},
    {8088, 20, "HTTP", "", kHttpSweeps, R},
    {8181, 20, "HTTP", "", kHttpSweeps, R},
    {8291, 30, "MikroTik Winbox", "Hajime", "", K},
    {8443, 25, "HTTPS administration", "Mozi", "", R},
    {8728, 15, "MikroTik API", "", "", K},
    {8888, 20, "HTTP", "", kHttpSweeps, R},
    {9000, 20, "HTTP", "", kHttpSweeps, R},
    {9034, 30, "Realtek SDK (UDP)", "", "CVE-2021-35394", K},
    {9527, 50, "Xiongmai debug console", "", "", B},
    {9530, 45, "Xiongmai, HiSilicon video recorder", "Moobot, fbot", "", K},
    {9999, 25, "vendor command line", "", "", K},
    {17000, 15, "device port of variant lists", "", "", K},
    {17001, 15, "device port of variant lists", "", "", K},
    {19058, 30, "device port of variant lists", "", "", K},
    {20000, 15, "device port of variant lists", "", "", K},
    {23231, 30, "device port of variant lists", "", "", K},
    {34567, 45, "Xiongmai, HiSilicon video recorder", "Moobot, fbot", "", K},
    {37215, 55, "Huawei HG532", "Satori, Okiru", "CVE-2017-17215", R},
    {37777, 45, "Dahua video recorder", "Moobot, fbot", "", K},
    {48101, 20, "Mirai's report server and single-instance port", "", "", R},
    {49152, 35, "UPnP SOAP (D-Link)", "Mozi, Hajime forks", "", K},
    {52869, 55, "Realtek SDK miniigd", "Satori, JenX, gayfemboy", "CVE-2014-8361", R},
    {60001, 50, "JAWS video recorder shell", "Mozi, Mirai forks", "", K},
};
// clang-format on
static_assert(std::is_sorted(std::begin(kPorts), std::end(kPorts), [](const PortEntry& a, const PortEntry& b) { return a.port < b.port; }));

}  // namespace

std::span<const PortEntry> port_table() { return kPorts; }

const PortEntry* find_port(std::uint16_t port) {
  const auto found =
      std::lower_bound(std::begin(kPorts), std::end(kPorts), port, [](const PortEntry& e, std::uint16_t p) { return e.port < p; });
  return found != std::end(kPorts) && found->port == port ? &*found : nullptr;
}

std::string attribution(bool marked, std::span<const std::uint16_t> ports) {
  const PortEntry* telling = nullptr;  // the port that names families, the heaviest of them
  const PortEntry* any = nullptr;
  for (const auto port : ports) {
    const auto* entry = find_port(port);
    if (entry == nullptr) continue;
    if (any == nullptr || entry->weight > any->weight) any = entry;
    if (!entry->families.empty() && (telling == nullptr || entry->weight > telling->weight)) telling = entry;
  }
  if (any == nullptr) return {};
  if (telling == nullptr && marked)
    return fmt::format("Mirai family; port {}, {}, is used by nearly all variants and names none", any->port, any->service);
  if (telling == nullptr) return fmt::format("Mirai-like (port {}, {}, is used by nearly all variants)", any->port, any->service);
  const auto why = telling->exploits.empty() ? std::string{} : fmt::format(", {}", telling->exploits);
  if (marked)
    return fmt::format("{} lineage (fingerprint and port {}, {}{}, agree)", telling->families, telling->port, telling->service, why);
  return fmt::format("Mirai-like (port {} is used by {}-lineage bots{})", telling->port, telling->families, why);
}

}  // namespace sekisho
