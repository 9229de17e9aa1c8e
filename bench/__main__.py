"""python -m bench [table ...] [--rows N] [--runs N]"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from bench import following, measure
from testbed import clients, shapes
from testbed.servers import Server
from testbed.target import external_target

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATABASE = "bench"
SERVER = {"innodb_buffer_pool_size": "512M", "sync_binlog": "0", "innodb_flush_log_at_trx_commit": "2"}


def tideway() -> str:
    """$TIDEWAY_BIN or the release build: figures of any other build would mislead."""
    binary = pathlib.Path(os.environ.get("TIDEWAY_BIN") or ROOT / "build" / "release" / "bin" / "tideway")
    if not os.access(binary, os.X_OK):
        sys.exit(f"bench: no {binary}: cmake --preset release && cmake --build --preset release --target tideway")
    return str(binary)


def has_command(name: str) -> bool:
    return subprocess.run([tideway(), name, "--help"], capture_output=True).returncode == 0


class Bench:
    def __init__(self, rows: int, runs: int, shape: str):
        self.rows, self.runs, self.shape = rows, runs, shape
        self.tideway = tideway()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="tideway-bench-"))
        self.source = Server("8.0", options=SERVER).start()
        self.own_target = None if external_target() else Server("8.0", options=SERVER).start()
        self.target = external_target() or self.own_target
        {"sysbench": shapes.sysbench, "narrow": shapes.narrow}[shape](self.source, rows, DATABASE, "t")
        self.bytes = self._row_bytes()

    def close(self):
        self.source.destroy()
        self.empty_target()
        if self.own_target:
            self.own_target.destroy()
        shutil.rmtree(self.work, ignore_errors=True)

    def _row_bytes(self) -> int:
        """What the rows are as text: the size that MB/s and CPU-seconds per GB are counted in."""
        columns = [row[0] for row in self.source.execute(f"SHOW COLUMNS FROM {DATABASE}.t")]
        lengths = "+".join(f"IFNULL(LENGTH(`{name}`),4)+1" for name in columns)  # NULL is a word of four
        return int(self.source.execute(f"SELECT SUM({lengths}) FROM {DATABASE}.t")[0][0])

    # jobs

    def dump(self, output: str, *options, tls: str = "off") -> measure.Figures:
        if not output.startswith("noop"):
            shutil.rmtree(output, ignore_errors=True)
        return measure.once([self.tideway, "dump", "--source", self.source.url(tls=tls), "--filter", f"{DATABASE}.*", "--output", output,
                             "--quiet", *options])

    def mysqldump(self, output: str, tls: bool = False) -> measure.Figures:
        client = clients.command("mysqldump", self.source, tls=tls)
        with open(output, "wb") as out:
            return measure.once([*client, "--single-transaction", "--quick", DATABASE], stdout=out)

    def bare_read(self, connections: int) -> measure.Figures:
        address = [self.source.host, str(self.source.port), f"{DATABASE}.t", str(self.rows), str(connections)]
        done = subprocess.run([sys.executable, "-m", "bench.bare_read", *address], cwd=ROOT, capture_output=True, check=True)
        return measure.Figures(**json.loads(done.stdout))

    def empty_target(self):
        self.target.execute(f"DROP DATABASE IF EXISTS {DATABASE}", "DROP DATABASE IF EXISTS tideway_meta")

    def load(self, directory: str) -> measure.Figures:
        self.empty_target()
        return measure.once([self.tideway, "load", "--target", self.target.url(tls="off"), "--input", directory, "--quiet"])

    def empty_table(self, directory: str):
        self.empty_target()
        self.target.execute(f"CREATE DATABASE {DATABASE}")
        schema = next(pathlib.Path(directory).glob(f"{DATABASE}.t-schema.sql"))
        with open(schema, "rb") as text:
            subprocess.run([*clients.command("mysql", self.target), DATABASE], stdin=text, check=True)

    def text_file(self) -> str:
        """The rows as LOAD DATA reads them by default, written by the source's server itself."""
        directory = self.work / "text"
        if not directory.exists():
            directory.mkdir()
            directory.chmod(0o777)
            self.source.execute(f"SELECT * FROM {DATABASE}.t INTO OUTFILE '{directory}/t.txt'")
        return f"{directory}/t.txt"

    def load_data(self, directory: str) -> measure.Figures:
        self.empty_table(directory)
        statement = f"LOAD DATA LOCAL INFILE '{self.text_file()}' INTO TABLE {DATABASE}.t"
        return measure.once([*clients.command("mysql", self.target), "--local-infile=1", "-e", statement])

    def mysql_files(self, directory: str, clients_at_once: int = 4) -> measure.Figures:
        self.empty_table(directory)
        client = " ".join(clients.command("mysql", self.target))
        files = f"ls {directory}/{DATABASE}.t.*.sql | xargs -P {clients_at_once} -I{{}} sh -c '{client} {DATABASE} < {{}}'"
        return measure.once(files)

    def copy(self) -> measure.Figures:
        self.empty_target()
        return measure.once([self.tideway, "copy", "--source", self.source.url(tls="off"), "--target", self.target.url(tls="off"), "--filter",
                             f"{DATABASE}.*", "--quiet"])

    def dump_pipe(self) -> measure.Figures:
        self.empty_target()
        self.target.execute(f"CREATE DATABASE {DATABASE}")
        dump, mysql = " ".join(clients.command("mysqldump", self.source)), " ".join(clients.command("mysql", self.target))
        return measure.once(f"{dump} --single-transaction --quick {DATABASE} | {mysql} {DATABASE}")

    def verify(self) -> measure.Figures:
        return measure.once([self.tideway, "verify", "--source", self.source.url(tls="off"), "--target", self.target.url(tls="off"), "--filter",
                             f"{DATABASE}.*", "--quiet"])

    def digest_query(self) -> measure.Figures:
        columns = [row[0] for row in self.source.execute(f"SHOW COLUMNS FROM {DATABASE}.t")]
        row = "CONCAT(" + ",".join(f"IFNULL(CONCAT(LENGTH(`{c}`),':',`{c}`),'N')" for c in columns) + ")"
        half = lambda side: f"SUM(CAST(CONV({side}(m,16),16,10) AS UNSIGNED))"
        query = (f"SELECT COUNT(*),{half('LEFT')},{half('RIGHT')} FROM (SELECT MD5({row}) AS m FROM {DATABASE}.t "
                 "LIMIT 18446744073709551615) AS d")
        return measure.once([*clients.command("mysql", self.source), "-N", "-B", "-e", query])

    # tables

    def print(self, title: str, jobs: dict):
        print(f"\n## {title} ({self.shape}, {self.rows:,} rows, {self.bytes / 1e6:.0f} MB of text, {self.runs} runs in turn, medians)\n")
        print("| job | wall s | rows/s | MB/s | client CPU-s/GB | client CPU-s/M rows | peak RSS MB | wall beside the first |")
        print("|---|---|---|---|---|---|---|---|")
        figures = [measure.median(each) for each in measure.several(self.runs, *jobs.values())]
        for name, each in zip(jobs, figures):
            print(f"| {name.replace('|', chr(92) + '|')} | {each.wall:.2f} | {self.rows / each.wall:,.0f} | {self.bytes / 1e6 / each.wall:.0f} "
                  f"| {each.cpu / (self.bytes / 1e9):.2f} | {each.cpu / (self.rows / 1e6):.2f} | {each.rss_bytes / 1e6:.0f} "
                  f"| {each.wall / figures[0].wall:.2f} |", flush=True)

    def table_dump(self):
        disk = str(self.work / "dump")
        self.print("dump", {
            "mysqldump to /dev/null": lambda: self.mysqldump("/dev/null"),
            "bytes read by 2 connections and thrown away": lambda: self.bare_read(2),
            "bytes read by 3 connections and thrown away": lambda: self.bare_read(3),
            "tideway to nowhere": lambda: self.dump("noop://"),
            "mysqldump to /dev/null, TLS": lambda: self.mysqldump("/dev/null", tls=True),
            "tideway to nowhere, TLS": lambda: self.dump("noop://", tls="required"),
            "mysqldump to disk": lambda: self.mysqldump(str(self.work / "dump.sql")),
            "tideway to disk": lambda: self.dump(disk),
            "tideway to disk, zstd": lambda: self.dump(disk, "--compress", "zstd"),
        })

    def table_load(self):
        if not has_command("load"):
            print("\n## load\n\nnot measured: this tideway has no command 'load'")
            return
        files = str(self.work / "files")
        self.dump(files)
        self.print("load", {
            "mysql < file, 4 at once": lambda: self.mysql_files(files),
            "mysql < file, 1": lambda: self.mysql_files(files, 1),
            "LOAD DATA LOCAL, 1": lambda: self.load_data(files),
            "tideway": lambda: self.load(files),
        })

    def table_copy(self):
        self.print("copy", {"mysqldump | mysql": self.dump_pipe, "tideway": self.copy})

    def table_verify(self):
        self.copy()
        self.print("verify", {"digest query on one server": self.digest_query, "tideway": self.verify})

    def table_binlog(self):
        program = pathlib.Path(self.tideway).parent / "bench_binlog_decode"
        if not program.exists():
            print(f"\n## binlog\n\nnot measured: no {program}: cmake --build --preset release --target bench_binlog_decode")
            return
        self.source.execute("RESET MASTER", f"CREATE TABLE {DATABASE}.logged LIKE {DATABASE}.t", f"INSERT INTO {DATABASE}.logged SELECT * FROM {DATABASE}.t")
        log = self.source.data / self.source.execute("SHOW MASTER STATUS")[0][0]
        definition = self.work / "logged.sql"
        definition.write_text(self.source.execute(f"SHOW CREATE TABLE {DATABASE}.logged")[0][1])
        done = subprocess.run([program, log, DATABASE, definition], capture_output=True, text=True, check=True)
        size, rows, seconds = (float(word) for word in done.stdout.split())
        print(f"\n## binlog ({self.shape}, {rows:,.0f} rows, {size / 1e6:.0f} MB of log, one thread, checksums checked)\n")
        print("| job | CPU s | GB/s | M rows/s |\n|---|---|---|---|")
        row = lambda name, took: print(f"| {name} | {took:.3f} | {size / 1e9 / took:.2f} | {rows / 1e6 / took:.2f} |", flush=True)
        try:
            peer = measure.once([clients.find("mysqlbinlog"), "--no-defaults", "--verify-binlog-checksum", "-vv", str(log)])
            row("mysqlbinlog -vv", peer.cpu)
        except clients.NoClient as why:
            print(f"| mysqlbinlog -vv | not measured: {why} | | |")
        row("tideway: bytes to blocks", seconds)
        self.source.execute(f"DROP TABLE {DATABASE}.logged")


    def table_replicate(self):
        if self.shape != "sysbench":
            return
        following.kinds(self.tideway, self.target)
        following.lag(self.tideway, self.target)


def print_head():
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    version = subprocess.run([tideway(), "version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    print(f"{version}; beside it {clients.version('mysqldump')}")
    print(f"{os.cpu_count()} cores, shared by clients and servers; load average before: {load}")
    if target := external_target():
        print(f"the target is {target.execute('SELECT VERSION()')[0][0]}")


def main():
    tables = ["dump", "load", "copy", "verify", "binlog", "replicate"]
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(tables)}; all by default")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--shape", action="append", choices=["sysbench", "narrow"], help="sysbench or narrow; both by default")
    arguments = parser.parse_args()
    unknown = set(arguments.tables) - set(tables)
    if unknown:
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    print_head()
    for shape in arguments.shape or ["sysbench", "narrow"]:
        bench = Bench(arguments.rows, arguments.runs, shape)
        try:
            for table in arguments.tables or tables:
                getattr(bench, f"table_{table}")()
        finally:
            bench.close()


if __name__ == "__main__":
    main()
