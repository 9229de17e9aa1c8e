"""Generated tables have the shape that they promise, the same on every server."""

from testbed import oracle, shapes


def test_shapes_are_the_same_on_both_series(mysql57, mysql80):
    for server in (mysql57, mysql80):
        shapes.sysbench(server, 1234)
        shapes.narrow(server, 1000)
        shapes.wide(server)
        shapes.huge_rows(server, rows=1, mebibytes=1)
        shapes.many_tables(server, 10)
    assert oracle.compare(mysql57, mysql80) == []
    assert mysql80.execute("SELECT COUNT(*), MIN(id), MAX(id) FROM sbtest.sbtest1") == [(1234, 1, 1234)]
    ((total,),) = mysql80.execute("SELECT SUM(LENGTH(CONCAT_WS('\t', id, k, c, pad)) + 1) FROM sbtest.sbtest1")
    assert 180 <= total / 1234 <= 200
    count = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '{}'"
    assert mysql80.execute(count.format("narrow")) == [(50,)]
    assert mysql80.execute(count.format("wide")) == [(1000,)]
    assert mysql80.execute("SELECT id, LENGTH(b) FROM huge.`rows`") == [(0, 5), (1, 1 << 20)]
    assert len(oracle.digests(mysql80, ["many"])) == 10
