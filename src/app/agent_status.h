// AgentStatus: what `sekisho status` shows of a running agent. Each part of the agent adds its own object and its own lines of health.
#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sekisho {

// A line of "# Health": what is not as it should be, and what to do about it.
struct HealthLine {
  std::string part;    // "store"
  std::string what;    // one sentence
  std::string remedy;  // one sentence or a command
};

// Any thread; add() before the first json().
class AgentStatus {
 public:
  // JSON text of an object; called by any thread.
  using Part = std::function<std::string()>;
  using Health = std::function<std::vector<HealthLine>()>;
  void add(std::string name, Part part) { parts_.emplace_back(std::move(name), std::move(part)); }
  void add_health(Health health) { health_.push_back(std::move(health)); }

  // {"schema":1, NAME: {…}, …, "health": [{"part","what","remedy"}, …]}, parts in the order in which they were added.
  std::string json() const;

 private:
  std::vector<std::pair<std::string, Part>> parts_;
  std::vector<Health> health_;
};

}  // namespace sekisho
