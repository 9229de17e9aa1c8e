#include "binlog/event.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include "packets.h"

namespace tideway {
namespace {

EventReader reader_of(std::string_view version, int checksum_algorithm = 0) {
  EventReader reader(false);
  EXPECT_TRUE(reader.read(format_of(version, checksum_algorithm))) << version;
  return reader;
}

template <typename Body>
Body read_as(const std::string& event, std::string_view version = "8.0.30") {
  auto read = reader_of(version).read(event);
  if (!read) ADD_FAILURE() << read.error().to_line();
  return read ? std::get<Body>(read->body) : Body();
}

std::string summed(std::string event) {  // with its checksum
  const auto size = event.size() + 4;
  event.replace(9, 4, Bytes().u32(size));
  return event + Bytes().u32(libdeflate_crc32(0, event.data(), event.size())).bytes();
}

TEST(event, header_is_nineteen_bytes) {
  const auto header = parse_event_header(event_of(EventType::xid, "12345678", 0x20));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->timestamp, 42U);
  EXPECT_EQ(header->server_id, 7U);
  EXPECT_EQ(header->log_pos, 1000U);
  EXPECT_TRUE(header->is_artificial());
  EXPECT_FALSE(parse_event_header(event_of(EventType::xid, "12345678") + "x"));
  EXPECT_FALSE(parse_event_header("short"));
}

TEST(event, format_says_version_and_checksums_of_what_follows) {
  EXPECT_EQ(reader_of("8.0.15-log").format().version_number(), 80015U);
  EXPECT_EQ(reader_of("10.11.6-MariaDB-log").format().version_number(), 101106U);
  EXPECT_EQ(reader_of("5.5.5-10.4.7-MariaDB").format().version_number(), 100407U);
  EXPECT_TRUE(reader_of("10.11.6-MariaDB").format().is_mariadb());
  EXPECT_EQ(reader_of("8.0.mysql_aurora.3.04.0").format().version_number(), 80000U);
  EXPECT_EQ(reader_of("what").format().version_number(), 0U);
  EventReader reader(false);
  ASSERT_TRUE(
      reader.read(summed(format_of("8.0.15", 1).substr(0, format_of("8.0.15", 1).size() - 4))));
  EXPECT_TRUE(reader.format().has_checksums);
  EXPECT_FALSE(reader.read(event_of(EventType::xid, "12345678")));
  EXPECT_TRUE(reader.read(summed(event_of(EventType::xid, "12345678"))));
  EXPECT_FALSE(EventReader(false).read(format_of("8.0.15", 9)));
}

TEST(event, checksum_of_an_open_file_leaves_its_mark_out) {
  const std::string format = format_of("8.0.15", 1);
  std::string marked = summed(format.substr(0, format.size() - 4));
  marked[17] = EventHeader::in_use_flag;
  EXPECT_TRUE(EventReader(true).read(marked));
  marked[30] = '9';
  EXPECT_FALSE(EventReader(true).read(marked));
}

TEST(event, rotate_names_the_next_file) {
  const auto event = event_of(EventType::rotate, Bytes().u64(4).text("binlog.000002"), 0x20);
  const auto rotate = read_as<Rotate>(event);
  EXPECT_EQ(rotate.position, 4U);
  EXPECT_EQ(rotate.file, "binlog.000002");
}

TEST(event, gtid_has_what_its_server_tells) {
  const Bytes id = Bytes().u8(1).text(std::string(16, '\x11')).u64(5);
  const auto of_56 = read_as<GtidEvent>(event_of(EventType::gtid, id));
  EXPECT_EQ(of_56.source(), "11111111-1111-1111-1111-111111111111");
  EXPECT_EQ(of_56.number, 5U);
  EXPECT_TRUE(of_56.may_have_statements);
  EXPECT_EQ(of_56.sequence_number, 0);
  const Bytes clock = Bytes().text(id).u8(2).u64(10).u64(11);
  const auto of_57 = read_as<GtidEvent>(event_of(EventType::gtid, clock));
  EXPECT_EQ(of_57.last_committed, 10);
  EXPECT_EQ(of_57.sequence_number, 11);
  EXPECT_EQ(of_57.immediate_commit_us, 0U);
  const Bytes one = Bytes().text(clock).number(1700000000123456, 7).u8(200).u32(80015);
  const auto own = read_as<GtidEvent>(event_of(EventType::gtid, one));
  EXPECT_EQ(own.immediate_commit_us, 1700000000123456U);
  EXPECT_EQ(own.original_commit_us, 1700000000123456U);
  EXPECT_EQ(own.transaction_length, 200U);
  EXPECT_EQ(own.original_server_version, 80015U);
  const Bytes two = Bytes()
                        .text(clock)
                        .number(1700000000123456 | 1ULL << 55U, 7)
                        .number(1600000000000000, 7)
                        .u8(0xFC)
                        .u16(60000)
                        .u32(80030U | 1U << 31U)
                        .u32(50719);
  const auto relayed = read_as<GtidEvent>(event_of(EventType::gtid, two));
  EXPECT_EQ(relayed.immediate_commit_us, 1700000000123456U);
  EXPECT_EQ(relayed.original_commit_us, 1600000000000000U);
  EXPECT_EQ(relayed.transaction_length, 60000U);
  EXPECT_EQ(relayed.immediate_server_version, 80030U);
  EXPECT_EQ(relayed.original_server_version, 50719U);
  EXPECT_TRUE(read_as<GtidEvent>(event_of(EventType::anonymous_gtid,
                                          Bytes().u8(0).text(std::string(16, 0)).u64(0)))
                  .is_anonymous);
  EXPECT_FALSE(reader_of("8.0.30").read(
      event_of(EventType::gtid, Bytes().u8(0).text(std::string(16, 'x')).u64(0))));
}

TEST(event, query_has_its_session) {
  const Bytes variables = Bytes()
                              .u8(0)
                              .u32(0x4000000)
                              .u8(1)
                              .u64(0x200004)
                              .u8(6)
                              .short_text("std")
                              .u8(3)
                              .u16(1)
                              .u16(1)
                              .u8(4)
                              .u16(33)
                              .u16(45)
                              .u16(8)
                              .u8(5)
                              .short_text("+08:00")
                              .u8(12)
                              .u8(2)
                              .text(std::string_view("a\0b\0", 4))
                              .u8(13)
                              .number(123456, 3)
                              .u8(16)
                              .u8(1)
                              .u8(17)
                              .u64(77)
                              .u8(18)
                              .u16(255)
                              .u8(99)
                              .text("of a later server");
  const std::string event = event_of(EventType::query, Bytes()
                                                           .u32(8)
                                                           .u32(0)
                                                           .u8(4)
                                                           .u16(0)
                                                           .u16(std::string_view(variables).size())
                                                           .text(variables)
                                                           .text("shop")
                                                           .u8(0)
                                                           .text("DROP TABLE t"));
  const auto query = read_as<QueryEvent>(event);
  EXPECT_EQ(query.statement, "DROP TABLE t");
  EXPECT_EQ(query.thread_id, 8U);
  EXPECT_EQ(query.ddl_xid, 77U);
  const SessionContext& session = query.session;
  EXPECT_EQ(session.database, "shop");
  EXPECT_EQ(session.sql_mode, 0x200004U);
  EXPECT_EQ(session.client_collation, 33);
  EXPECT_EQ(session.connection_collation, 45);
  EXPECT_EQ(session.server_collation, 8);
  EXPECT_EQ(session.time_zone, "+08:00");
  EXPECT_EQ(session.timestamp_us, 42123456);
  EXPECT_EQ(session.explicit_defaults_for_timestamp, true);
  EXPECT_EQ(session.utf8mb4_collation, 255);
  EXPECT_FALSE(session.foreign_key_checks);
  EXPECT_TRUE(session.unique_checks);
  for (std::size_t cut = EventHeader::bytes; cut < event.size() - 12; ++cut) {
    std::string part = event.substr(0, cut);
    part.replace(9, 4, Bytes().u32(cut));
    const auto read = reader_of("8.0.30").read(part);
    EXPECT_FALSE(read) << cut;
  }
}

TEST(event, xa_prepare_names_its_branch_as_statements_do) {
  const auto prepare = read_as<XaPrepare>(
      event_of(EventType::xa_prepare, Bytes().u8(0).u32(1).u32(2).u32(1).text("jkx")));
  EXPECT_EQ(prepare.xid, "X'6a6b',X'78',1");
  EXPECT_FALSE(prepare.is_one_phase);
  EXPECT_TRUE(read_as<XaPrepare>(
                  event_of(EventType::xa_prepare, Bytes().u8(1).u32(1).u32(1).u32(0).text("j")))
                  .is_one_phase);
}

TEST(event, heartbeats_say_how_far_the_source_is) {
  const auto first = read_as<Heartbeat>(event_of(EventType::heartbeat, "binlog.000009"));
  EXPECT_EQ(first.file, "binlog.000009");
  EXPECT_EQ(first.position, 1000U);
  const auto second = read_as<Heartbeat>(event_of(
      EventType::heartbeat_v2,
      Bytes().u8(1).short_text("binlog.000009").u8(2).u8(9).u8(0xFE).u64(1ULL << 40U).u8(0)));
  EXPECT_EQ(second.file, "binlog.000009");
  EXPECT_EQ(second.position, 1ULL << 40U);
}

TEST(event, small_ones_are_read) {
  EXPECT_EQ(read_as<Xid>(event_of(EventType::xid, Bytes().u64(99))).number, 99U);
  EXPECT_EQ(
      read_as<RowsQuery>(event_of(EventType::rows_query, Bytes().short_text("INSERT 1"))).statement,
      "INSERT 1");
  const auto incident =
      read_as<Incident>(event_of(EventType::incident, Bytes().u16(1).short_text("lost")));
  EXPECT_EQ(incident.message, "lost");
  read_as<Stop>(event_of(EventType::stop, ""));
  read_as<StatementContext>(event_of(EventType::intvar, Bytes().u8(2).u64(5)));
  read_as<Ignorable>(event_of(EventType::ignorable, "anything"));
  read_as<PreviousGtids>(event_of(EventType::previous_gtids, Bytes().u64(0)));
}

TEST(event, what_is_not_decoded_is_named_unless_it_may_be_ignored) {
  for (const EventType type :
       {EventType::transaction_payload, EventType::partial_update_rows, EventType::gtid_tagged,
        EventType::mariadb_gtid, EventType::mariadb_write_rows_compressed, EventType::write_rows_v0,
        EventType::execute_load_query, static_cast<EventType>(99)}) {
    const auto read = reader_of("8.0.30").read(event_of(type, "x"));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), ErrorCode::log_event_unknown);
    EXPECT_NE(read.error().message().find(to_text(type)), std::string::npos);
  }
  read_as<Ignorable>(event_of(static_cast<EventType>(99), "x", EventHeader::ignorable_flag));
}

TEST(event, rows_of_both_versions_are_found_behind_their_columns) {
  const auto first = read_as<RowsEvent>(
      event_of(EventType::update_rows_v1,
               Bytes().u48(113).u16(1 | 2).u8(9).u16(0x1FF).u16(0x1).text("rows")));
  EXPECT_EQ(first.table_id, 113U);
  EXPECT_EQ(first.kind, ChangeKind::update);
  EXPECT_TRUE(first.ends_statement);
  EXPECT_FALSE(first.foreign_key_checks);
  EXPECT_EQ(first.column_count, 9U);
  EXPECT_EQ(first.before_columns.size(), 2U);
  EXPECT_EQ(first.after_columns, std::string_view("\x01\x00", 2));
  EXPECT_EQ(first.rows, "rows");
  const auto second = read_as<RowsEvent>(event_of(
      EventType::delete_rows, Bytes().u48(113).u16(0).u16(5).text("???").u8(1).u8(1).text("rows")));
  EXPECT_EQ(second.kind, ChangeKind::remove);
  EXPECT_TRUE(second.after_columns.empty());
  EXPECT_EQ(second.rows, "rows");
}

}  // namespace
}  // namespace tideway
