// Amplification: answers of UDP services that nobody here asked for. One vector for each row of the amplification table.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "detect/flood_vector.h"
#include "model/amplification.h"

namespace sekisho {
namespace {

bool applies(const FloodGate& c) { return !c.egress; }  // of answers that we send the reflector detector speaks

std::string_view judge(const FloodCase& c, Evidence& e, const AmplificationVector& vector) {
  const auto& s = c.stats;
  const bool many = s.sources >= 20 || c.bps > 1e6;
  if (!many && s.samples < 32) return {};
  prove(e, 25,
        fmt::format("{} answers from {:.0f} servers that were never asked", vector.service,
                    std::max<double>(distinct_remotes(c.second), static_cast<double>(s.sources))));
  if (s.sources < 5) contradict(e, 15, fmt::format("only {} server{}", s.sources, s.sources == 1 ? "" : "s"));
  if (c.one_way_capture && s.sources < 20) contradict(e, 12, "requests of ours would not be in this capture");
  judge_refusals(c, e);
  if (s.modal_length_share > 0.6) support(e, 5, fmt::format("{} have one size ({} B)", percent(s.modal_length_share), s.modal_length));
  if (const auto later = fact(c.second, Fact::fragments_later)) support(e, 4, fmt::format("{} fragments of such answers", later));
  e.contra.push_back(fmt::format("no request of ours to port {} within 10 s before", vector.port));
  e.sources = "reflectors: real servers that answer forged requests";
  return vector.label;
}

template <unsigned I>
std::string_view judge_vector(const FloodCase& c, Evidence& e) {
  return judge(c, e, amplification_vectors()[I]);
}

template <unsigned I>
void add_one() {
  if (I >= amplification_vectors().size()) return;
  const auto& vector = amplification_vectors()[I];
  static const std::string help = "unasked answers of " + std::string{vector.service};
  Registry<DetectorSpec>::add(flood_vector({.name = vector.label,
                                            .help = help,
                                            .classes = {static_cast<TrafficClass>(index_of(TrafficClass::amp_first) + I)},
                                            .floor_pps = 100,
                                            .floor_mbps = 1,
                                            .applies = applies,
                                            .judge = judge_vector<I>}));
}

template <unsigned... I>
bool add_all(std::integer_sequence<unsigned, I...>) {
  (add_one<I>(), ...);
  return true;
}

const bool registered = add_all(std::make_integer_sequence<unsigned, kMaxAmplificationVectors>{});  // Register<DetectorSpec> for each

}  // namespace
}  // namespace sekisho
