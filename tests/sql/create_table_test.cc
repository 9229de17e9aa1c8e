#include "sql/create_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fixture.h"

namespace tideway {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TableDef parsed(std::string_view sql) {
  auto table = parse_create_table(sql, "shop");
  if (!table) {
    ADD_FAILURE() << table.error().to_line();
    return {};
  }
  return *std::move(table);
}

TableDef fixture(const std::string& name) { return parsed(testing::read_fixture("ddl/" + name)); }

const Column& column(const TableDef& table, std::string_view name) {
  for (const Column& column : table.columns) {
    if (column.name == name) return column;
  }
  ADD_FAILURE() << "no column " << name;
  static const Column none;
  return none;
}

std::string charset(const TableDef& table, std::string_view name) {
  return column(table, name).type.charset + "/" + column(table, name).type.collation;
}

std::string error_of(std::string_view sql) {
  const auto table = parse_create_table(sql, "shop");
  if (table) return "parsed";
  EXPECT_EQ(table.error().code(), ErrorCode::sql_syntax);
  return table.error().evidence().position + " " + table.error().message();
}

// name(column ordinal or expression, prefix, direction)
std::vector<std::string> keys(const TableDef& table) {
  std::vector<std::string> shown;
  for (const Key& key : table.keys) {
    std::string out = key.name + "(";
    for (const KeyPart& part : key.parts) {
      if (out.back() != '(') out += ",";
      out += part.expression.empty() ? std::to_string(part.column) : part.expression;
      if (part.prefix_length != 0) out += "/" + std::to_string(part.prefix_length);
      if (part.is_descending) out += " desc";
    }
    shown.push_back(out + (key.is_invisible ? ") invisible" : ")"));
  }
  return shown;
}

TEST(CreateTable, all_types_of_mysql_8) {
  const TableDef table = fixture("mysql80_all_types.sql");
  EXPECT_EQ(table.id, (TableId{"shop", "all_types"}));
  EXPECT_EQ(table.engine, "InnoDB");
  EXPECT_EQ(table.charset, "utf8mb4");
  EXPECT_EQ(table.collation, "utf8mb4_0900_ai_ci");
  std::vector<TypeKind> kinds;
  for (const Column& column : table.columns) kinds.push_back(column.type.kind);
  using K = TypeKind;
  EXPECT_THAT(
      kinds,
      ::testing::ElementsAreArray(
          {K::big_int,      K::tiny_int,      K::tiny_int,      K::small_int,  K::medium_int,
           K::integer,      K::big_int,       K::decimal,       K::decimal,    K::float_number,
           K::float_number, K::double_number, K::double_number, K::bit,        K::bit,
           K::year,         K::date,          K::time,          K::datetime,   K::timestamp,
           K::fixed_char,   K::var_char,      K::fixed_binary,  K::var_binary, K::tiny_text,
           K::text,         K::medium_text,   K::long_text,     K::tiny_blob,  K::blob,
           K::medium_blob,  K::long_blob,     K::enumeration,   K::set,        K::json,
           K::geometry,     K::geometry,      K::geometry,      K::geometry}));
  EXPECT_EQ(table.create_text, testing::read_fixture("ddl/mysql80_all_types.sql"));
}

TEST(CreateTable, types_keep_sign_length_decimals_labels_and_text) {
  const TableDef table = fixture("mysql80_all_types.sql");
  EXPECT_TRUE(column(table, "id").is_auto_increment);
  EXPECT_TRUE(column(table, "id").type.is_unsigned);
  EXPECT_EQ(column(table, "id").type.text, "bigint unsigned");
  EXPECT_FALSE(column(table, "id").is_nullable);
  EXPECT_TRUE(column(table, "c_int").type.is_zerofill);
  EXPECT_EQ(column(table, "c_int").type.text, "int(10) unsigned zerofill");
  EXPECT_EQ(column(table, "c_int").default_text, "'0000000007'");
  EXPECT_EQ(column(table, "c_dec").type.length, 65U);
  EXPECT_EQ(column(table, "c_dec").type.decimals, 30U);
  EXPECT_EQ(column(table, "c_float2").type.decimals, 3U);
  EXPECT_EQ(column(table, "c_bit64").type.length, 64U);
  EXPECT_EQ(column(table, "c_bit1").default_text, "b'1'");
  EXPECT_EQ(column(table, "c_time").type.decimals, 6U);
  EXPECT_EQ(column(table, "c_time").type.length, 0U);
  EXPECT_EQ(column(table, "c_datetime").default_text, "CURRENT_TIMESTAMP(3)");
  EXPECT_EQ(column(table, "c_timestamp").default_text, "NULL");
  EXPECT_EQ(column(table, "c_tinytext").default_text, std::nullopt);
  EXPECT_THAT(column(table, "c_enum").type.labels, ElementsAre("a", "b'c", "d,e", "ü", ""));
  EXPECT_EQ(column(table, "c_point").type.text, "point");
  EXPECT_FALSE(column(table, "c_point").is_nullable);
  EXPECT_EQ(table.keys[1].kind, KeyKind::spatial);
}

TEST(CreateTable, character_sets_come_from_the_column_its_collation_or_the_table) {
  const TableDef table = fixture("mysql80_all_types.sql");
  EXPECT_EQ(charset(table, "c_char"), "latin1/latin1_german1_ci");
  EXPECT_EQ(charset(table, "c_varchar"), "utf8mb4/utf8mb4_0900_ai_ci");
  EXPECT_EQ(charset(table, "c_text"), "gbk/gbk_chinese_ci");
  EXPECT_EQ(charset(table, "c_mediumtext"), "utf8mb4/utf8mb4_bin");
  EXPECT_EQ(charset(table, "c_enum"), "utf8mb3/utf8mb3_general_ci");
  EXPECT_EQ(charset(table, "c_set"), "latin1/latin1_bin");
  EXPECT_EQ(charset(table, "c_json"), "/");
  EXPECT_EQ(charset(table, "c_blob"), "/");
  EXPECT_EQ(charset(table, "c_int"), "/");
  const TableDef old = fixture("mysql57.sql");
  EXPECT_EQ(charset(old, "name"), "utf8mb4/utf8mb4_general_ci");
  EXPECT_EQ(charset(old, "code"), "latin1/latin1_bin");
  EXPECT_EQ(charset(old, "plain"), "latin1/latin1_swedish_ci");
}

TEST(CreateTable, new_column_syntax_of_mysql_8) {
  const TableDef table = fixture("mysql80_new_syntax.sql");
  EXPECT_TRUE(column(table, "my_row_id").is_invisible);
  EXPECT_TRUE(column(table, "secret").is_invisible);
  EXPECT_EQ(column(table, "b").default_text, "(concat(_utf8mb4'(,',uuid(),_utf8mb4')'))");
  EXPECT_EQ(column(table, "total").generated, Generated::virtually);
  EXPECT_EQ(column(table, "label").generated, Generated::stored);
  EXPECT_FALSE(column(table, "label").is_nullable);
  EXPECT_TRUE(column(table, "hidden_gen").is_invisible);
  EXPECT_EQ(column(table, "fmt").default_text, "'5'");
}

TEST(CreateTable, new_key_syntax_of_mysql_8) {
  const TableDef table = fixture("mysql80_new_syntax.sql");
  EXPECT_THAT(
      keys(table),
      ElementsAre("PRIMARY(0)", "u(1 desc,2/10)", "f((lower(`b`)),((`a` + 1)) desc) invisible",
                  "mv((cast(json_extract(`doc`,_utf8mb4'$.tags') as unsigned array)))", "ft(2)",
                  "fk_a(1)"));
  EXPECT_EQ(table.keys[4].kind, KeyKind::fulltext);
  ASSERT_EQ(table.foreign_keys.size(), 2U);
  EXPECT_EQ(table.foreign_keys[0].referenced, (TableId{"other`db", "par.ent"}));
  EXPECT_THAT(table.foreign_keys[0].columns, ElementsAre("a", "secret"));
  EXPECT_THAT(table.foreign_keys[0].referenced_columns, ElementsAre("x", "y"));
  EXPECT_EQ(table.foreign_keys[0].on_delete, "SET NULL");
  EXPECT_EQ(table.foreign_keys[0].on_update, "CASCADE");
  EXPECT_EQ(table.foreign_keys[1].referenced, (TableId{"shop", "self"}));
  EXPECT_EQ(table.foreign_keys[1].on_delete, "");
  EXPECT_EQ(table.checks[0], "CONSTRAINT `chk_1` CHECK ((`a` > 0))");
  EXPECT_THAT(table.checks[1], HasSubstr("NOT ENFORCED"));
}

TEST(CreateTable, partitions_and_options_are_kept_as_text) {
  EXPECT_EQ(fixture("mysql80_new_syntax.sql").comment, "PARTITION BY; it's");
  EXPECT_EQ(fixture("mysql80_new_syntax.sql").partition_text, "");
  const TableDef table = fixture("mysql80_partitions.sql");
  EXPECT_THAT(table.partition_text, StartsWith("PARTITION BY RANGE (`my_row_id`)\nSUBPARTITION"));
  EXPECT_THAT(table.partition_text, EndsWith("MAXVALUE ENGINE = InnoDB)"));
}

TEST(CreateTable, older_mysql) {
  const TableDef table = fixture("mysql57.sql");
  EXPECT_EQ(table.engine, "MyISAM");
  EXPECT_EQ(column(table, "g").generated, Generated::virtually);
  EXPECT_EQ(table.keys[1].parts[0].prefix_length, 10U);
  const TableDef part = fixture("mysql56_partitions.sql");
  EXPECT_THAT(part.keys, IsEmpty());
  EXPECT_THAT(part.partition_text, HasSubstr("VALUES IN (NULL)"));
}

TEST(CreateTable, mysql_9) {
  const TableDef table = fixture("mysql9.sql");
  EXPECT_EQ(column(table, "v").type.kind, TypeKind::vector);
  EXPECT_TRUE(column(table, "v").is_nullable);
  EXPECT_EQ(column(table, "w").type.text, "vector(2048)");
  EXPECT_EQ(column(table, "made").generated, Generated::stored);
  EXPECT_EQ(column(table, "place").type.kind, TypeKind::geometry);
  EXPECT_TRUE(column(table, "n").is_invisible);
  EXPECT_EQ(column(table, "day").default_text, "(curdate())");
  ASSERT_EQ(table.keys.size(), 2U);
  EXPECT_THAT(table.keys[1].parts[0].expression, HasSubstr("unsigned array"));
  EXPECT_TRUE(table.keys[1].parts[1].is_descending);
  EXPECT_THAT(table.checks, ElementsAre(HasSubstr("vector_dim")));
  EXPECT_THAT(table.partition_text, StartsWith("PARTITION BY KEY"));
}

TEST(CreateTable, mariadb) {
  const TableDef table = fixture("mariadb.sql");
  EXPECT_EQ(table.engine, "Aria");
  EXPECT_EQ(column(table, "id").default_text, "nextval(`db`.`seq`)");
  EXPECT_EQ(column(table, "u").type.kind, TypeKind::unknown);
  EXPECT_EQ(column(table, "u").type.text, "uuid");
  EXPECT_THAT(table.checks,
              ElementsAre("CHECK (json_valid(`j`))", "CONSTRAINT `positive` CHECK (`id` > 0)"));
  EXPECT_TRUE(column(table, "v").is_invisible);
  EXPECT_EQ(column(table, "v").type.charset, "utf8mb4");
  EXPECT_EQ(column(table, "g").generated, Generated::stored);
  EXPECT_EQ(column(table, "p").generated, Generated::stored);
  EXPECT_EQ(column(table, "dt").default_text, "current_timestamp()");
  EXPECT_EQ(column(table, "s").generated, Generated::stored);
  EXPECT_TRUE(column(table, "e").is_invisible);
  EXPECT_EQ(table.keys[0].parts.size(), 1U);
  EXPECT_TRUE(table.keys[1].is_invisible);
  EXPECT_TRUE(table.keys[2].parts[0].is_descending);
  EXPECT_THAT(table.partition_text, HasSubstr("SYSTEM_TIME"));
}

TEST(CreateTable, tidb) {
  const TableDef table = fixture("tidb.sql");
  EXPECT_TRUE(column(table, "id").is_auto_random);
  EXPECT_EQ(column(table, "embedding").type.kind, TypeKind::vector);
  EXPECT_EQ(column(table, "name").type.collation, "utf8mb4_bin");
  EXPECT_EQ(table.keys.size(), 5U);
  EXPECT_EQ(table.comment, "x");
  EXPECT_EQ(table.partition_text, "PARTITION BY HASH (`id`) PARTITIONS 4");
}

TEST(CreateTable, hostile_names) {
  const TableDef table = fixture("hostile_names.sql");
  EXPECT_EQ(table.id.name, "we`ird . t'able\"%/\\");
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  EXPECT_THAT(
      names, ElementsAre(" x", "a`b", "'", "\"", ",", ")", "PRIMARY KEY", "naïve 表 🐬", "/*", "*/",
                         "-- x", "#", "\\", ";", "check",
                         "sixty-four-characters-long-name-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
  EXPECT_THAT(keys(table), ElementsAre("PRIMARY(0,5)", "k`)(1)"));
  EXPECT_THAT(table.columns.back().type.labels, ElementsAre("`", "',", ")", "("));
  EXPECT_EQ(table.foreign_keys[0].referenced, table.id);
}

TEST(CreateTable, what_people_write_means_what_the_server_makes_of_it) {
  const TableDef table = fixture("by_hand.sql");
  EXPECT_EQ(table.id, (TableId{"Shop", "Users"}));
  EXPECT_EQ(table.engine, "innodb");
  EXPECT_EQ(table.comment, "people");
  EXPECT_TRUE(column(table, "Id").is_auto_increment);
  EXPECT_EQ(column(table, "Id").type.kind, TypeKind::big_int);
  EXPECT_EQ(column(table, "flag").type.kind, TypeKind::tiny_int);
  EXPECT_EQ(charset(table, "email"), "latin1/latin1_bin");
  EXPECT_EQ(column(table, "nick").type.charset, "utf8");
  EXPECT_EQ(column(table, "nick").type.kind, TypeKind::var_char);
  EXPECT_EQ(column(table, "f").type.kind, TypeKind::double_number);
  EXPECT_EQ(column(table, "f2").type.kind, TypeKind::float_number);
  EXPECT_EQ(column(table, "raw").type.kind, TypeKind::var_binary);
  EXPECT_EQ(charset(table, "raw"), "/");
  EXPECT_EQ(column(table, "body").type.kind, TypeKind::medium_text);
  EXPECT_EQ(charset(table, "body"), "latin2/latin2_general_ci");
  EXPECT_EQ(column(table, "wide").type.kind, TypeKind::medium_blob);
  EXPECT_EQ(charset(table, "t"), "utf8mb4/utf8mb4_unicode_ci");
  EXPECT_THAT(column(table, "e").type.labels, ElementsAre("ab", "c"));
  EXPECT_THAT(keys(table), ElementsAre("Id(0)", "email(2)", "email_2(2)", "email_3(2)", "nick(3,4)",
                                       "idx2(5,6 desc)", "i1(16)"));
  EXPECT_THAT(table.checks, ElementsAre("check (day > '2000-01-01')", "check (i3 <> 0)"));
  ASSERT_EQ(table.foreign_keys.size(), 1U);
  EXPECT_EQ(table.foreign_keys[0].on_update, "SET DEFAULT");
}

TEST(CreateTable, without_a_character_set_none_is_invented) {
  const TableDef table = parsed("CREATE TABLE t (a varchar(3), b text collate utf8_bin)");
  EXPECT_EQ(charset(table, "a"), "/");
  EXPECT_EQ(charset(table, "b"), "utf8/utf8_bin");
}

TEST(CreateTable, ordering_key_sees_what_was_parsed) {
  const TableDef with_key = parsed("CREATE TABLE t (a int, primary key (a))");
  ASSERT_NE(ordering_key(with_key), nullptr);
  EXPECT_EQ(ordering_key(with_key)->name, "PRIMARY");
  EXPECT_EQ(ordering_key(parsed("CREATE TABLE t (a int, unique (a))")), nullptr);
}

TEST(CreateTable, errors_name_line_column_and_token) {
  EXPECT_THAT(error_of("CREATE TABLE t (\n  a int,\n  b foo bar\n)"), StartsWith("3:9 "));
  EXPECT_THAT(error_of("CREATE TABLE t (\n  a int,\n  b foo bar\n)"), HasSubstr("'bar'"));
  EXPECT_THAT(error_of("CREATE TABLE t (a int"), HasSubstr("the end of the statement"));
  EXPECT_THAT(error_of("CREATE TABLE t (a varchar(10) DEFAULT 'x)"), HasSubstr("unfinished"));
  EXPECT_THAT(error_of("CREATE TABLE t LIKE u"), HasSubstr("'LIKE'"));
  EXPECT_THAT(error_of("CREATE TABLE t (a int) SELECT 1"), HasSubstr("'SELECT'"));
  EXPECT_THAT(error_of("CREATE TABLE t (a int, key k (b))"), StartsWith("1:31 "));
  EXPECT_THAT(error_of("CREATE TABLE t (a int, key k (b))"), HasSubstr("'b'"));
  EXPECT_THAT(error_of("CREATE TABLE t (primary key (a))"), HasSubstr("no column"));
  EXPECT_THAT(error_of("CREATE TABLE t (a int,)"), HasSubstr("')'"));
  EXPECT_THAT(error_of("CREATE TABLE t (a int) ENGINE="), HasSubstr("storage engine"));
  EXPECT_THAT(error_of("CREATE TABLE t (a int); SELECT 1"), HasSubstr("'SELECT'"));
  EXPECT_THAT(error_of("DROP TABLE t"), HasSubstr("'DROP'"));
  EXPECT_THAT(error_of(""), StartsWith("1:1 "));
}

// Whatever is cut off a statement, the parser ends with a table or an error.
TEST(CreateTable, every_prefix_of_every_fixture_is_answered) {
  for (const char* name : {"mysql80_all_types.sql", "mysql80_new_syntax.sql", "mysql57.sql",
                           "mysql9.sql", "mariadb.sql", "tidb.sql", "by_hand.sql"}) {
    const std::string sql = testing::read_fixture("ddl/"s + name);
    for (std::size_t length = 0; length < sql.size(); ++length) {
      const auto table = parse_create_table(std::string_view(sql).substr(0, length), "shop");
      if (!table) {
        EXPECT_FALSE(table.error().evidence().position.empty());
      }
    }
  }
}

}  // namespace
}  // namespace tideway
