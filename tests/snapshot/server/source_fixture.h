#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "model/table_filter.h"
#include "mysql/server/servers.h"
#include "snapshot/consistent_point.h"
#include "snapshot/object_list.h"

namespace tideway::testing {

// A database `sn` of its own on one of the servers, a session to it, and the usual steps.
class OnServer : public ::testing::TestWithParam<std::string> {
 public:
  OnServer() : session_(open_session(GetParam())) {
    run("DROP DATABASE IF EXISTS sn");
    run("CREATE DATABASE sn");
    run("USE sn");
  }
  ~OnServer() override {
    for (const auto& xid : {"'a'", "'b'"})
      (void)session_.execute(std::string("XA ROLLBACK ") + xid, {});
    (void)session_.execute("DROP DATABASE IF EXISTS sn", {});
  }

  void run(const std::string& sql) { value(session_.execute(sql, {})); }
  std::string ask(const std::string& sql) {
    return value(session_.query_value(sql, {})).value_or("NULL");
  }
  void fill(const std::string& table, int rows, const std::string& expression) {
    run("INSERT INTO " + table + " SELECT " + expression + " FROM (" + numbers(rows) + ") n");
  }
  // i = 0 … rows - 1
  static std::string numbers(int rows);

  Endpoint endpoint() const { return endpoint_of(GetParam()); }
  ObjectList list(const std::string& rule = "sn.*") {
    const TableFilter filter = value(TableFilter::parse({rule}));
    return value(list_objects(session_, filter, {}, {}));
  }
  static std::vector<TableId> ids(const ObjectList& objects);
  Result<std::unique_ptr<Snapshot>> open(const ObjectList& objects, SnapshotOptions options,
                                         const Endpoint& at) {
    return Snapshot::open(at, {.arbiter = &arbiter_}, objects, ids(objects), options, {});
  }
  std::unique_ptr<Snapshot> open(const ObjectList& objects, SnapshotOptions options = {}) {
    return value(open(objects, options, endpoint()));
  }

  static TableId t(std::string name) { return {"sn", std::move(name)}; }

  MemoryArbiter arbiter_{256ULL << 20U};
  Session session_;
};

}  // namespace tideway::testing
