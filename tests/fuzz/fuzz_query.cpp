// Questions in words: any bytes; what is understood can be made ready or is refused with a sentence.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "app/query_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  const auto query = parse_query({reinterpret_cast<const char*>(data), size});
  const auto harmless = [](const std::string& text) {
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  };
  if (!query.ok()) {
    harmless(query.error().message);
    return 0;
  }
  const auto ready = prepare_query(query.value(), 1'795'312'800 * kSecond);
  if (!ready.ok()) {
    harmless(ready.error().message);
    return 0;
  }
  const auto& q = ready.value();
  std::vector<QueryCell> row(q.table->fields.size());
  if (q.where) static_cast<void>(holds(*q.where, row));
  return 0;
}
