"""Scans logs on Spark: each split of a log goes through `casefile scan`, and what
that makes of it is merged into one partial for `casefile build`.

    spark-submit scan_on_spark.py --casefile /opt/casefile --case case.yaml -o all.part LOG...

LOG is whatever Spark can read as lines: a path on all nodes, hdfs://, s3a://.
casefile must stand under the same path on all of them.
"""

import argparse
import os
import subprocess
import sys
import tempfile

from pyspark import SparkContext


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", metavar="LOG")
    parser.add_argument("-o", "--output", required=True, help="the partial to write")
    parser.add_argument("--casefile", default="casefile", help="the program, on every node")
    parser.add_argument("--case", help="case.yaml of the build: its lanes, zones and nodes hold for the scan")
    parser.add_argument("--node", help="the node that wrote the logs")
    parser.add_argument("--below", help="folder below which logs are named, as in the case")
    parser.add_argument("--splits", type=int, default=8, help="pieces of each log, at least")
    parser.add_argument("--no-excerpts", action="store_true", help="keep no line as it stood")
    return parser.parse_args()


def scanning(casefile, options, case, name):
    """What one partition does: its lines through the pipe, a partial out of it."""

    def scan(piece, lines):
        with tempfile.TemporaryDirectory() as folder:
            given = list(options)
            if case is not None:
                file = os.path.join(folder, "case.yaml")
                with open(file, "w", encoding="utf-8") as out:
                    out.write(case)
                given += ["--case", file]
            # In a file, since a program that ends early must not leave a pipe that nobody reads.
            with tempfile.TemporaryFile(dir=folder) as text:
                for line in lines:
                    text.write(line.encode("utf-8", "surrogateescape") + b"\n")
                text.seek(0)
                ran = subprocess.run(
                    [casefile, "scan", "-", "--name", name, "--part", str(piece), "-o", "-", "--quiet", *given],
                    stdin=text,
                    capture_output=True,
                )
        if ran.returncode != 0:
            raise RuntimeError(f"piece {piece} of {name}: " + ran.stderr.decode("utf-8", "replace").strip())
        yield ran.stdout

    return scan


def main():
    asked = arguments()
    options = ["--node", asked.node] if asked.node else []
    options += ["--no-excerpts"] if asked.no_excerpts else []
    case = None
    if asked.case:
        with open(asked.case, encoding="utf-8") as file:
            case = file.read()
    spark = SparkContext(appName="casefile scan")
    spark.setLogLevel("WARN")
    with tempfile.TemporaryDirectory() as folder:
        partials = []
        for log in asked.logs:
            name = os.path.relpath(log, asked.below) if asked.below else log
            lines = spark.textFile(log, asked.splits)
            scan = scanning(asked.casefile, options, case, name)
            for partial in lines.mapPartitionsWithIndex(scan).collect():
                partials.append(os.path.join(folder, f"{len(partials):05}.part"))
                with open(os.open(partials[-1], os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
                    out.write(partial)
            print(f"{name}: {lines.getNumPartitions()} pieces", file=sys.stderr)
        spark.stop()
        merge = ["--case", asked.case] if asked.case else []
        subprocess.run([asked.casefile, "scan", "--force", *partials, "-o", asked.output, *merge], check=True)


if __name__ == "__main__":
    main()
