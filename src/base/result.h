// Result<T>: a value, or an Error that says in one sentence what could not be done and names the thing.
#pragma once
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace sekisho {

// Decides the exit status of a command: usage -> 2, failed -> 3.
enum class ErrorKind { failed, usage };

struct Error {
  std::string message;  // a sentence for a person: the thing, what is wrong, the way out
  ErrorKind kind = ErrorKind::failed;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &value(); }
  T& operator*() & { return value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }
  void value() const {}

 private:
  std::optional<Error> error_;
};

}  // namespace sekisho

// TRY(expression): the value, or return the error to the caller. Stands alone on its line (`new D(TRY(x))` leaks).
#define TRY(expression)                                \
  ({                                                   \
    auto try_result_ = (expression);                   \
    if (!try_result_.ok()) return try_result_.error(); \
    std::move(try_result_).value();                    \
  })
