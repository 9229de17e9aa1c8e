// Logs that real servers wrote, against what these servers answered when asked for the same rows
// (tests/fixtures/binlog/capture.py).
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "binlog/event.h"
#include "binlog/rows_plan.h"
#include "log_file.h"
#include "sql/create_table.h"
#include "testing/fixture.h"

namespace tideway {
namespace {

using Json = nlohmann::ordered_json;

struct Capture {
  std::string log;
  std::map<std::string, TablePtr> tables;
  Json changes;
};

Capture read_capture(const std::string& name) {
  Capture capture;
  capture.log = unpacked(testing::read_fixture("binlog/" + name + ".log.gz"));
  Json told = Json::parse(unpacked(testing::read_fixture("binlog/" + name + ".json.gz")));
  for (const auto& [table, definition] : told["definitions"].items()) {
    auto parsed =
        parse_create_table(definition.get<std::string>(), table.substr(0, table.find('.')));
    EXPECT_TRUE(parsed) << table;
    if (parsed) capture.tables[table] = std::make_shared<const TableDef>(std::move(*parsed));
  }
  capture.changes = std::move(told["changes"]);
  return capture;
}

std::string md5(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> md{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), md.data(), &size, EVP_md5(), nullptr);
  return to_hex({reinterpret_cast<const char*>(md.data()), size});
}

// As the capture writes a cell.
Json cell_json(const Block& block, const Cell& cell) {
  if (cell.is_null()) return nullptr;
  const std::string_view text = block.text(cell);
  constexpr std::size_t longest = 64;
  return text.size() <= longest ? to_hex(text) : "md5:" + md5(text);
}

struct Change {
  std::string table, kind;
  Json before, after;  // of the columns that the images hold
};

void add_changes(const Block& block, std::vector<Change>& changes) {
  static constexpr std::array<const char*, 3> kinds = {"insert", "update", "remove"};
  for (const Item& item : block.items()) {
    const Rows& rows = std::get<Rows>(item);
    const auto cells = block.cells(rows);
    std::size_t at = 0;
    for (std::uint32_t row = 0; row < rows.row_count; ++row) {
      Change change{rows.table->id.database + "." + rows.table->id.name,
                    kinds[static_cast<std::size_t>(rows.kind)],
                    {},
                    {}};
      for (const std::uint32_t column : rows.before)
        change.before[rows.table->columns[column].name] = cell_json(block, cells[at++]);
      for (const std::uint32_t column : rows.after)
        change.after[rows.table->columns[column].name] = cell_json(block, cells[at++]);
      changes.push_back(std::move(change));
    }
  }
}

MemoryArbiter& arbiter() {
  static MemoryArbiter all(1ULL << 30U);
  return all;
}

Block block_of(std::uint64_t bytes) {
  return {std::make_shared<Stream>(), std::move(*arbiter().borrow(bytes, {}))};
}

// All row changes of a log, through blocks of so many bytes (and larger ones where a row needs it).
std::vector<Change> decode(const Capture& capture, std::uint64_t block_bytes, bool has_checksums) {
  std::vector<Change> changes;
  EventReader reader(has_checksums);
  std::map<std::uint64_t, RowsPlan> plans;
  for (const std::string_view bytes : events_of(std::string_view(capture.log))) {
    auto event = reader.read(bytes);
    if (!event) {
      ADD_FAILURE() << event.error().to_line();
      continue;
    }
    if (const auto* map = std::get_if<TableMap>(&event->body)) {
      const auto table =
          capture.tables.find(std::string(map->database) + "." + std::string(map->name));
      if (table == capture.tables.end()) continue;
      auto plan = RowsPlan::make(*map, table->second, reader.format());
      if (plan) {
        plans.insert_or_assign(map->table_id, std::move(*plan));
      } else {
        ADD_FAILURE() << plan.error().to_line();
      }
    } else if (const auto* rows = std::get_if<RowsEvent>(&event->body)) {
      const auto plan = plans.find(rows->table_id);
      if (plan == plans.end()) continue;
      RowCursor cursor;
      Block block = block_of(block_bytes);
      while (true) {
        auto decoded = plan->second.decode(*rows, false, cursor, block);
        if (!decoded) {
          ADD_FAILURE() << decoded.error().to_line();
          break;
        }
        add_changes(block, changes);
        if (*decoded == Decoded::all) break;
        block = block_of(*decoded == Decoded::row_larger ? plan->second.row_bytes() : block_bytes);
      }
    }
  }
  return changes;
}

bool is_part_of(const Json& image, const Json& row) {
  for (const auto& [column, cell] : image.items()) {
    if (row.is_null() || !row.contains(column) || row[column] != cell) return false;
  }
  return true;
}

enum class Images { full, some };

void expect_as_told(const Capture& capture, const std::vector<Change>& changes, Images images) {
  ASSERT_EQ(changes.size(), capture.changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Json& told = capture.changes[i];
    ASSERT_EQ(changes[i].table, told["table"].get<std::string>()) << i;
    ASSERT_EQ(changes[i].kind, told["kind"].get<std::string>()) << i << " " << changes[i].table;
    const Json before = told.value("before", Json()), after = told.value("after", Json());
    if (images == Images::full && changes[i].table != "extra.generated_key") {
      ASSERT_EQ(changes[i].before, before) << changes[i].table;
      ASSERT_EQ(changes[i].after, after) << changes[i].table;
    } else {
      ASSERT_TRUE(is_part_of(changes[i].before, before))
          << changes[i].table << changes[i].before << before;
      ASSERT_TRUE(is_part_of(changes[i].after, after))
          << changes[i].table << changes[i].after << after;
    }
  }
}

struct Told {
  const char* name;
  Images images;
  bool has_checksums;
};

class Captured : public ::testing::TestWithParam<Told> {};

TEST_P(Captured, rows_are_what_the_server_says_they_were) {
  const Capture capture = read_capture(GetParam().name);
  expect_as_told(capture, decode(capture, Block::usual_bytes, GetParam().has_checksums),
                 GetParam().images);
}

TEST_P(Captured, rows_are_the_same_through_blocks_that_hold_one_at_most) {
  const Capture capture = read_capture(GetParam().name);
  expect_as_told(capture, decode(capture, 200, GetParam().has_checksums), GetParam().images);
}

// Whatever the bytes are: read, and rows decoded by the plan that the undamaged log made. The event
// lies in memory of exactly its size, where a sanitizer sees what is read beyond it.
void read_damaged(const Capture& capture, EventReader reader,
                  std::map<std::uint64_t, RowsPlan>& plans, const std::string& event) {
  const std::vector<char> exact(event.begin(), event.end());
  const auto read = reader.read({exact.data(), exact.size()});
  if (!read) return;
  if (const auto* map = std::get_if<TableMap>(&read->body)) {
    const auto table =
        capture.tables.find(std::string(map->database) + "." + std::string(map->name));
    if (table != capture.tables.end())
      static_cast<void>(RowsPlan::make(*map, table->second, reader.format()));
  } else if (const auto* rows = std::get_if<RowsEvent>(&read->body)) {
    const auto plan = plans.find(rows->table_id);
    if (plan == plans.end()) return;
    RowCursor cursor;
    Block block = block_of(1U << 16U);
    static_cast<void>(plan->second.decode(*rows, false, cursor, block));
    EXPECT_LE(cursor.offset, rows->rows.size());
  }
}

// Each event of some size, once as it is, then with `damage` done to it.
template <typename Damage>
void for_each_event(const Capture& capture, std::size_t longest, Damage damage) {
  EventReader reader(false);
  std::map<std::uint64_t, RowsPlan> plans;
  for (const std::string_view bytes : events_of(std::string_view(capture.log))) {
    const auto event = reader.read(bytes);
    ASSERT_TRUE(event);
    if (const auto* map = std::get_if<TableMap>(&event->body)) {
      const auto table =
          capture.tables.find(std::string(map->database) + "." + std::string(map->name));
      if (table == capture.tables.end()) continue;
      auto plan = RowsPlan::make(*map, table->second, reader.format());
      ASSERT_TRUE(plan);
      plans.insert_or_assign(map->table_id, std::move(*plan));
    }
    if (bytes.size() > longest) continue;
    damage(std::string(bytes),
           [&](const std::string& damaged) { read_damaged(capture, reader, plans, damaged); });
  }
}

TEST(damaged, events_with_any_byte_changed_are_answered) {
  std::size_t tried = 0;
  for (const char* name : {"mysql80-minimal", "mysql57-noblob"}) {
    const Capture capture = read_capture(name);
    for_each_event(capture, 400, [&tried](std::string event, const auto& read) {
      for (std::size_t at = 0; at < event.size(); ++at) {
        for (const unsigned flip : {0xFFU, 0x01U, 0x80U}) {
          event[at] = static_cast<char>(static_cast<unsigned char>(event[at]) ^ flip);
          read(event);
          event[at] = static_cast<char>(static_cast<unsigned char>(event[at]) ^ flip);
          ++tried;
        }
      }
    });
  }
  EXPECT_GT(tried, 100000U);
}

TEST(damaged, events_cut_anywhere_are_answered) {
  const Capture capture = read_capture("mysql80-minimal");
  for_each_event(capture, 3000, [](const std::string& event, const auto& read) {
    for (std::size_t length = 0; length < event.size(); ++length) {
      std::string cut = event.substr(0, length);
      if (length >= EventHeader::bytes) {
        std::uint32_t told = static_cast<std::uint32_t>(length);
        std::memcpy(cut.data() + 9, &told, sizeof told);
      }
      read(cut);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(logs, Captured,
                         ::testing::Values(Told{"mysql80-full", Images::full, true},
                                           Told{"mysql80-minimal", Images::some, false},
                                           Told{"mysql57-full", Images::full, true},
                                           Told{"mysql57-noblob", Images::some, false}),
                         [](const auto& told) {
                           std::string name = told.param.name;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace tideway
