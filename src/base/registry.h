// Registry: plug-ins register themselves with one line at the end of their file; `all()` lists them sorted by name.
#pragma once
#include <algorithm>
#include <string_view>
#include <vector>

namespace sekisho {

// Spec needs a member `name` (std::string_view with static storage). Filled before main, read-only afterwards.
template <class Spec>
class Registry {
 public:
  static const std::vector<Spec>& all() { return list(); }
  static void add(Spec spec) {
    auto& specs = list();
    const auto at =
        std::lower_bound(specs.begin(), specs.end(), spec.name, [](const Spec& s, std::string_view name) { return s.name < name; });
    specs.insert(at, std::move(spec));
  }

 private:
  static std::vector<Spec>& list() {
    static std::vector<Spec> specs;
    return specs;
  }
};

template <class Spec>
struct Register {
  explicit Register(Spec spec) { Registry<Spec>::add(std::move(spec)); }
};

}  // namespace sekisho
