/* genlogs - makes seeded log data; scripts/gen-logs compiles and starts it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen.h"

static const char help[] =
	"usage: gen-logs samples DIR\n"
	"       gen-logs outage DIR\n"
	"       gen-logs data DIR BYTES [STREAMS] [SEED] [END_EPOCH]\n"
	"       gen-logs requests json|logfmt DIR BYTES [STREAMS] [SEED] [END_EPOCH]\n"
	"       gen-logs bodies DIR BYTES [STREAMS] [SEED] [END_EPOCH]\n"
	"       gen-logs streams DIR N_STREAMS LINES_EACH\n"
	"\n"
	"Makes log data; the same arguments give the same bytes on every machine.\n"
	"\n"
	"samples  the files of examples/logs: one hour of a small shop, with an incident\n"
	"outage   the entries of tests/logql/documents: half an hour of a platform whose database "
	"fails\n"
	"data     DIR/entries.jsonl    BYTES of lines as entries (lokid-entry(5)), ordered by "
	"time,\n"
	"                              from STREAMS streams (300) over the 24 hours before "
	"END_EPOCH\n"
	"                              (1760594400, 2025-10-16T06:00:00Z)\n"
	"         DIR/raw/POD.log      the lines of each stream alone\n"
	"         DIR/truth.json       what is in them: counts, and two strings that occur three "
	"times\n"
	"         BYTES counts the lines with their newlines; suffixes K, M and G are powers of "
	"1000\n"
	"requests DIR/entries.jsonl    BYTES of lines in one format, from STREAMS streams (20) "
	"over the\n"
	"                              hour before END_EPOCH: both formats say the same\n"
	"         DIR/lines            the lines alone\n"
	"         DIR/truth.json       counts\n"
	"bodies   DIR/bodies.bin       BYTES of lines as pushes of 16 agents, from about STREAMS "
	"streams\n"
	"                              (600) over the 24 hours before END_EPOCH; for each body 24 "
	"bytes,\n"
	"                              little-endian: agent u32, lines u32, bytes of lines u64, "
	"length\n"
	"                              of the body u32, 0 u32; then the body, a push of Loki's in\n"
	"                              protobuf, compressed with snappy\n"
	"         DIR/raw/APP.log      each line of an app behind its time and pod\n"
	"         DIR/truth.json       what the queries of tests/bench/table.sh must find\n"
	"streams  DIR/entries.jsonl    N_STREAMS streams of LINES_EACH short lines, within an "
	"hour\n";

static const char bad_bytes[] = "BYTES is to be a number of bytes";
static const char bad_streams[] = "STREAMS is to be at least 1";
static const char bad_seed[] = "SEED is to be a number";

static _Noreturn void usage(const char *why)
{
	fprintf(stderr, "gen-logs: error: %s; gen-logs --help says more\n", why);
	exit(2);
}

static uint64_t number(const char *text, uint64_t min, const char *what)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*end == 'K' || *end == 'M' || *end == 'G') {
		v *= *end == 'K' ? 1000ULL : *end == 'M' ? 1000000ULL : 1000000000ULL;
		end++;
	}
	if (errno || end == text || *end || text[0] == '-' || v < min || v > 1ULL << 50)
		usage(what);
	return v;
}

static int64_t end_epoch(int argc, char **argv, int i)
{
	return argc > i ? (int64_t)number(argv[i], 86400, "END_EPOCH is to be Unix seconds")
			: 1760594400;
}

/* A number behind those that must be there. */
static uint64_t optional(int argc, char **argv, int i, uint64_t otherwise, uint64_t min,
			 const char *what)
{
	return argc > i ? number(argv[i], min, what) : otherwise;
}

static void requests(int argc, char **argv)
{
	struct requests_args a = { .dir = argv[3] };

	if (strcmp(argv[2], "json") != 0 && strcmp(argv[2], "logfmt") != 0)
		usage("the format is to be json or logfmt");
	a.format = strcmp(argv[2], "json") == 0 ? REQUESTS_JSON : REQUESTS_LOGFMT;
	a.bytes = number(argv[4], 1, bad_bytes);
	a.streams = optional(argc, argv, 5, 20, 1, bad_streams);
	a.seed = optional(argc, argv, 6, 1, 0, bad_seed);
	a.end_s = end_epoch(argc, argv, 7);
	requests_make(&a);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "-h") == 0 || strcmp(mode, "--help") == 0) {
		fputs(help, stdout);
		return fflush(stdout) == 0 ? 0 : 4;
	}
	if (strcmp(mode, "samples") == 0 && argc == 3) {
		samples_make(argv[2]);
	} else if (strcmp(mode, "outage") == 0 && argc == 3) {
		outage_make(argv[2]);
	} else if (strcmp(mode, "data") == 0 && argc >= 4 && argc <= 7) {
		data_make(&(struct data_args){
			.dir = argv[2],
			.bytes = number(argv[3], 1, bad_bytes),
			.streams = optional(argc, argv, 4, 300, 1, bad_streams),
			.seed = optional(argc, argv, 5, 1, 0, bad_seed),
			.end_s = end_epoch(argc, argv, 6),
		});
	} else if (strcmp(mode, "bodies") == 0 && argc >= 4 && argc <= 7) {
		bodies_make(&(struct bodies_args){
			.dir = argv[2],
			.bytes = number(argv[3], 1, bad_bytes),
			.streams = optional(argc, argv, 4, 600, 1, bad_streams),
			.seed = optional(argc, argv, 5, 1, 0, bad_seed),
			.end_s = end_epoch(argc, argv, 6),
		});
	} else if (strcmp(mode, "requests") == 0 && argc >= 5 && argc <= 8) {
		requests(argc, argv);
	} else if (strcmp(mode, "streams") == 0 && argc == 5) {
		streams_make(argv[2], number(argv[3], 1, "N_STREAMS is to be at least 1"),
			     number(argv[4], 1, "LINES_EACH is to be at least 1"));
	} else {
		usage("expected samples, outage, data, requests, bodies or streams, and their "
		      "operands");
	}
	return 0;
}
