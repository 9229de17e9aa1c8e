#include "apply/infile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "apply/rows.h"

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::tideway::testing::block_of;
using ::tideway::testing::Cells;
using ::tideway::testing::rows_in;
using ::tideway::testing::stream_of;
using ::tideway::testing::table_of;

// What a server makes of the file: fields by tab, rows by newline, escapes by backslash.
std::vector<Cells> read_back(std::string_view file) {
  std::vector<Cells> rows(1);
  rows.back().emplace_back("");
  for (std::size_t i = 0; i < file.size(); ++i) {
    auto& field = rows.back().back();
    if (file[i] == '\t') {
      rows.back().emplace_back("");
    } else if (file[i] == '\n') {
      rows.push_back({""});
    } else if (file[i] != '\\') {
      *field += file[i];
    } else if (const char c = file[++i]; c == 'N') {
      field.reset();
    } else {
      *field += c == '0' ? '\0' : c == 't' ? '\t' : c == 'n' ? '\n' : c;
    }
  }
  rows.pop_back();
  return rows;
}

class InfileTest : public ::testing::Test {
 protected:
  static PlanPtr plan_for(const TablePtr& table, const TablePtr& target = nullptr) {
    auto plan = TablePlan::make(table, target ? target : table, ColumnSet(stored_columns(*table)));
    if (!plan) ADD_FAILURE() << plan.error().to_line();
    return *plan;
  }
  static std::string file_of(const TablePlan& plan, const Block& block, std::size_t buffer_bytes) {
    InfileRows rows(plan, block, rows_in(block), {0, rows_in(block).row_count});
    std::string file, buffer(buffer_bytes, '\0');
    while (const std::size_t count = rows.fill(buffer)) file.append(buffer, 0, count);
    EXPECT_EQ(rows.bytes(), file.size());
    return file;
  }
  MemoryArbiter arbiter_{1ULL << 30U};
};

TEST_F(InfileTest, reads_back_as_what_it_was_whatever_bytes_a_cell_has) {
  const TablePtr table = table_of("CREATE TABLE t (a VARBINARY(99), b TEXT, c INT)");
  std::minstd_rand random(7);
  std::vector<Cells> cells;
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  cells.push_back({every, std::string("\\N"), "1"});
  cells.push_back({"", std::nullopt, std::nullopt});
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (std::size_t n = random() % 200; n != 0; --n) text += "\\\t\n\0aN0'\r"[random() % 10];
    cells.push_back(
        {text, random() % 5 == 0 ? std::nullopt : std::optional(text), std::to_string(i)});
  }
  const Block block = block_of(arbiter_, stream_of(table), table, cells);
  const PlanPtr plan = plan_for(table);
  for (const std::size_t buffer : {1U, 7U, 4096U, 1U << 20U})
    EXPECT_EQ(read_back(file_of(*plan, block, buffer)), cells) << buffer;
}

TEST_F(InfileTest, a_bit_is_sent_as_the_number_it_is) {
  const TablePtr table = table_of("CREATE TABLE t (a BIT(64))");
  const Block block = block_of(arbiter_, stream_of(table), table,
                               {{std::string(8, '\xff')}, {std::string(8, '\0')}, {std::nullopt}});
  EXPECT_EQ(file_of(*plan_for(table), block, 100), "18446744073709551615\n0\n\\N\n");
}

TEST_F(InfileTest, converts_on_the_server_what_bytes_would_bend) {
  const TablePtr table = table_of(
      "CREATE TABLE t (id INT, `b` BIT(3), j JSON, u VARCHAR(9) CHARACTER SET utf8mb4, l "
      "VARCHAR(9) CHARACTER SET latin1, g INT AS (id) STORED, e "
      "ENUM('x') CHARACTER SET gbk, v VARBINARY(4))");
  EXPECT_EQ(
      infile_statement(*plan_for(table)),
      "LOAD DATA LOCAL INFILE 'tideway' INTO TABLE `shop`.`t` CHARACTER SET binary FIELDS "
      "TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES "
      "TERMINATED BY '\\n' (`id`,@tideway1,@tideway2,`u`,@tideway4,@tideway5,`v`) SET "
      "`b`=CAST(@tideway1 AS UNSIGNED),`j`=CONVERT(@tideway2 "
      "USING utf8mb4),`l`=CONVERT(@tideway4 USING utf8mb4),`e`=CONVERT(@tideway5 USING utf8mb4)");
}

TEST_F(InfileTest, the_character_set_that_counts_is_the_targets) {
  const TablePtr source = table_of("CREATE TABLE t (a VARCHAR(9) CHARACTER SET latin1)");
  const TablePtr target = table_of("CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb4)");
  EXPECT_THAT(infile_statement(*plan_for(source, target)), HasSubstr("(`a`)"));
  EXPECT_THAT(infile_statement(*plan_for(target, source)), HasSubstr("CONVERT"));
}

TEST_F(InfileTest, a_large_cell_and_an_unknown_type_go_by_statement) {
  const TablePtr table = table_of("CREATE TABLE t (a LONGTEXT)");
  const Block small =
      block_of(arbiter_, stream_of(table), table, {{std::string(infile_cell_max, 'x')}, {"y"}});
  const Block large =
      block_of(arbiter_, stream_of(table), table, {{"y"}, {std::string(infile_cell_max + 1, 'x')}});
  EXPECT_TRUE(fits_infile(small, rows_in(small)));
  EXPECT_FALSE(fits_infile(large, rows_in(large)));
  EXPECT_TRUE(can_use_infile(*plan_for(table)));
  auto odd = std::make_shared<TableDef>(*table);
  odd->columns[0].type.kind = TypeKind::unknown;
  EXPECT_FALSE(can_use_infile(*plan_for(odd)));
}

}  // namespace
}  // namespace tideway
