// QueryGroups: the rows of a question added up by their fields, compact enough for millions of groups.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/query_tables.h"

namespace sekisho {

// One thread. About 60 bytes a group, and 16 a pair of group and source where sources are counted.
class QueryGroups {
 public:
  static constexpr std::size_t kMost = 2'000'000;

  // Rows are told apart by the fields of `group`, and with `over` by their slice of time. `source`: the field whose different values are
  // counted. The spans must outlive this.
  QueryGroups(std::span<const QueryField> fields, std::span<const std::size_t> group, DurationNs over, std::optional<std::size_t> source);
  bool add(QueryRow row);  // false: it would be one group too many; not added
  // From now on come rows of sources that were not there before: what they are found by begins anew, and stays small.
  void next_part();
  // The groups of another one of the same question, whose rows are of other sources. False: they would be too many.
  bool absorb(const QueryGroups& other);
  std::size_t size() const { return key_at_.size(); }
  // A group's cell: of a field that it is told apart by, of one that is added up, or its slice of time. Texts live as long as this.
  QueryCell cell(std::size_t number, std::size_t field) const;
  double order(std::size_t number, std::size_t field) const;  // of a field that is added up
  std::uint64_t sources(std::size_t number) const { return source_ ? source_counts_[number] : 0; }

 private:
  union Sum {
    std::int64_t number;
    double real;
  };
  struct Slot {
    std::uint32_t tag = 0;    // of the key's hash: most others are told by it without a look at their key
    std::uint32_t group = 0;  // its number + 1; 0: free
  };
  void add_sums(QueryRow row, std::size_t number);
  std::uint64_t hash_of(std::string_view key) const;
  std::string_view key(std::size_t number) const;
  bool is_last(QueryRow row) const;
  std::size_t find(QueryRow row);
  void grow();
  void count_source(std::size_t number, const Network& source);
  void grow_pairs();

  const std::span<const QueryField> fields_;
  const std::span<const std::size_t> group_;
  const DurationNs over_;
  const std::optional<std::size_t> source_;
  std::vector<std::size_t> summed_;                    // fields that are added up
  std::vector<std::size_t> place_;                     // by field: where in summed_
  std::string now_;                                    // the key of the row that is added
  std::string keys_;                                   // one after the other
  std::vector<std::uint32_t> key_at_;                  // by group: where in keys_ its key begins
  std::vector<Sum> sums_;                              // summed_.size() for each group
  std::vector<Slot> slots_ = std::vector<Slot>(4096);  // open addressing
  bool by_source_ = false;                             // no group has rows of two sources, or networks that sources are counted with
  std::size_t part_begins_ = 0;                        // the part's first group, when by_source_
  std::vector<std::uint32_t> direct_;                  // by value, where one small number alone tells groups apart: its number + 1
  std::vector<QueryCell> last_key_;                    // of the group of the row before
  std::size_t last_ = kMost;                           // the group of the row before: rows of a source come one after the other
  std::vector<std::uint32_t> source_counts_;
  std::vector<std::uint64_t> pairs_;  // open addressing; of group and source, 64 bits of hash: two alike among ten million is 1 in 300,000
  std::size_t pair_count_ = 0;
};

}  // namespace sekisho
