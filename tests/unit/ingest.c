/* What Loki adds by itself, lines out of big reads, and the answers that frames with ids get. */
#include "wal_sample.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/wr.h"
#include "ingest/ingest.h"
#include "ingest/input.h"
#include "ingest/label_cache.h"
#include "ingest/levels.h"
#include "labels/service.h"

static atomic_int fail_writes;

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	if (fail_writes > 0 && fail_writes-- > 0) {
		errno = ENOSPC;
		return -1;
	}
	return (ssize_t)syscall(SYS_pwrite64, fd, p, n, off);
}

static void levels_of_lines(void **state)
{
	/* Each answer is what a Loki 3.4 gave. */
	static const char *const cases[][2] = {
		{ "{\"level\":\"WARN\"}", "warn" },
		{ "{\"lvl\":\"dbg\"}", "debug" },
		{ "{\"severity\":\"CRITICAL\"}", "critical" },
		{ "{\"LEVEL\":\"ERR\"}", "error" },
		{ "{\"Level\":\"Info\"}", "info" },
		{ "{\"level\":\"information\"}", "info" },
		{ "{\"a\":1,\"level\":\"warn\",\"level\":\"info\"}", "warn" },
		{ "{\"level\":\"\",\"severity\":\"fatal\"}", "unknown" },
		{ "{\"level\":30}", "unknown" },
		{ "{\"level\":\"weird\"}", "unknown" },
		{ "{\"loglevel\":\"trace\"}", "unknown" },
		{ "{\"log\":{\"level\":\"error\"}}", "error" },
		{ "{\"msg\":\"an error happened\"}", "error" },
		{ "{\"level\":\"error\"", "error" },
		{ "level=info x", "info" },
		{ "lvl=WARN", "warn" },
		{ "severity=fatal", "fatal" },
		{ "Severity=wrn", "warn" },
		{ "LEVEL=debug", "debug" },
		{ "level=\"error\" y=1", "error" },
		{ "a=1 level=trace level=info", "trace" },
		{ "level=", "unknown" },
		{ "level=3", "unknown" },
		{ "level=eror", "unknown" },
		{ "log.level=warn", "unknown" },
		{ "msg=\"no level but error inside\"", "error" },
		{ "ERROR something", "error" },
		{ "err: bad", "error" },
		{ "criticalerror", "error" },
		{ "WARN ERROR INFO", "info" },
		{ "debugger infoerror", "info" },
		{ "terrors of informatics", "info" },
		{ "DEBUG: x", "debug" },
		{ "Error Err: eRR: then err: it is", "error" },
		{ "Info, and then INFO", "info" },
		{ "a longer line of more than sixty-four bytes with Warning: and at its end WARN:",
		  "warn" },
		{ "Warning: disk", "unknown" },
		{ "FATAL crash", "unknown" },
		{ "CRITICAL", "unknown" },
		{ "warn", "unknown" },
		{ "trace it", "unknown" },
		{ "panic: oh", "unknown" },
		{ "[E] short", "unknown" },
		{ "", "unknown" },
		{ "level=\"never closed", "unknown" },
		{ "{\"level\":", "unknown" },
		{ "= = level", "unknown" },
		{ "level=\"trailing backslash\\", "unknown" },
		{ "a=level=trace lvl=debug", "debug" },
		{ "a=\"b lvl=trace\"lvl=debug", "debug" },
		{ "a=b=\"c lvl=trace\"", "unknown" },
		{ "{\"severity\":\"warn\",\"level\":\"info\",\"cut", "info" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes level = level_of_entry(NULL, 0, bytes_str(cases[i][0]));

		if (!bytes_is(level, cases[i][1]))
			fail_msg("'%s': expected %s, found %.*s", cases[i][0], cases[i][1],
				 BYTES_ARG(level));
	}
}

/* What a line of key=value says, read from its beginning byte by byte. */
static struct bytes level_of_pairs(struct bytes line)
{
	static const char *const names[] = { "level",	 "LEVEL", "Level", "severity", "SEVERITY",
					     "Severity", "lvl",	  "LVL",   "Lvl" };
	size_t i = 0;

	while (i < line.n) {
		size_t key, key_end, value, end;

		while (i < line.n && (unsigned char)line.p[i] <= ' ')
			i++;
		for (key = i; i < line.n && (unsigned char)line.p[i] > ' ' && line.p[i] != '=';)
			i++;
		key_end = i;
		if (i == line.n || line.p[i] != '=')
			continue;
		value = ++i;
		if (i < line.n && line.p[i] == '"') {
			for (value = ++i; i < line.n && line.p[i] != '"';)
				i += line.p[i] == '\\' ? 2 : 1;
			end = i++;
		} else {
			while (i < line.n && (unsigned char)line.p[i] > ' ')
				i++;
			end = i;
		}
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (bytes_is(bytes_sub(line, key, key_end - key), names[k]))
				return level_by_name(bytes_sub(line, value, end - value));
	}
	return (struct bytes){ 0 };
}

static void levels_of_made_up_pairs(void **state)
{
	/* None has a word that tells a level by itself. */
	static const char *const pieces[] = {
		"level", "LVL",	 "Severity", "lvl", "=",
		"=",	 "=",	 "=\"",	     "\"",  "\\",
		" ",	 " ",	 "\t",	     "dbg", "fatal",
		"trc",	 "\xff", "l",	     "y",   "a longer word of a line",
		" lvl=", "trc ", "\"level="
	};
	struct buf line = { 0 };
	size_t told = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < 200000; i++) {
		struct bytes expected, found;

		buf_reset(&line);
		buf_add_char(&line, 'x'); /* is not trimmed, is no JSON */
		for (int n = rand() % 24; n >= 0; n--)
			buf_add_str(&line,
				    pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
		buf_add_char(&line, 'x');
		expected = level_of_pairs(buf_bytes(&line));
		told += expected.n > 0;
		found = level_of_entry(NULL, 0, buf_bytes(&line));
		if (!bytes_eq(found, expected.n ? expected : BYTES_LIT("unknown")))
			fail_msg("'%s': expected %.*s, found %.*s", buf_str(&line),
				 BYTES_ARG(expected), BYTES_ARG(found));
	}
	assert_true(told > 1000);
	buf_release(&line);
}

static struct bytes level_with(const char *label, const char *label_value, const char *meta,
			       const char *meta_value, const char *line)
{
	struct label l = { bytes_str(label), bytes_str(label_value) };
	struct label m = { bytes_str(meta), bytes_str(meta_value) };
	struct labels labels = { &l, 1 };

	struct bytes level = level_of_labels(&labels);

	return level.n ? level : level_of_entry(&m, 1, bytes_str(line));
}

static void levels_of_labels_and_metadata(void **state)
{
	(void)state;
	assert_bytes(level_with("level", "WARN", "level", "info", "error"), "WARN");
	assert_bytes(level_with("severity", "verbose", "x", "y", "error"), "verbose");
	assert_bytes(level_with("level", "", "x", "y", "an error"), "error");
	assert_bytes(level_with("app", "a", "level", "warn", "error"), "warn");
	assert_bytes(level_with("app", "a", "LEVEL", "error", "info"), "error");
	assert_bytes(level_with("app", "a", "severity_number", "17", "info"), "error");
	assert_bytes(level_with("app", "a", "severity_number", "24", "info"), "fatal");
	assert_bytes(level_with("app", "a", "severity_number", "25", "info"), "unknown");
	assert_bytes(level_with("app", "a", "severity_number", "0", "info"), "unknown");
	assert_bytes(level_with("app", "a", "severity_number", "-3", "error"), "trace");
	assert_bytes(level_with("app", "a", "severity_number", "ERROR", "error"), "info");
	assert_bytes(level_with("app", "a", "severity_number", "", "error"), "error");
	assert_bytes(level_with("app", "a", "severity_text", "INFO", "x"), "unknown");
	assert_bytes(level_with("app", "a", "detected_level", "debug", "x"), "unknown");
}

static void names_of_services(void **state)
{
	struct label v[] = {
		{ BYTES_LIT("job"), BYTES_LIT("ns1/c2") },
		{ BYTES_LIT("container"), BYTES_LIT("c2") },
		{ BYTES_LIT("app"), BYTES_LIT("") },
	};
	struct labels all = { v, 3 }, job = { v, 1 }, none = { NULL, 0 };
	struct label workload[] = { v[0], { BYTES_LIT("workload"), BYTES_LIT("wl") } };
	struct labels both = { workload, 2 };

	(void)state;
	assert_bytes(service_name_of(&all), "c2");
	assert_bytes(service_name_of(&job), "ns1/c2");
	assert_bytes(service_name_of(&both), "wl");
	assert_bytes(service_name_of(&none), "unknown_service");
}

/* Lines come out as they went in, however the reads cut them, and long ones are cut. */
static void lines_of_reads(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct buf text = { 0 };
		struct input in;
		struct bytes line;
		struct err e;
		size_t at = 0, limit = 1 + rnd_below(&seed, 30), given = 0;
		enum input_got got;
		int fd[2];

		for (size_t n = rnd_below(&seed, 400); text.n < n;)
			buf_add_char(&text, rnd_below(&seed, 12) ? 'x' : '\n');
		assert_int_equal(pipe(fd), 0);
		input_init(&in, fd[0], limit);
		while ((got = input_line(&in, &line)) != INPUT_END) {
			const char *nl;
			size_t n;

			if (got == INPUT_MORE) {
				size_t k = rnd_below(&seed, text.n - given + 1);

				if (k == 0 && given < text.n)
					k = 1;
				if (k == 0)
					close(fd[1]);
				assert_int_equal(write(fd[1], text.p + given, k),
						 k ? (ssize_t)k : -1);
				given += k;
				assert_int_equal(input_fill(&in, &e), 0);
				continue;
			}
			nl = memchr(text.p + at, '\n', text.n - at);
			n = nl ? (size_t)(nl - text.p) - at : text.n - at;
			assert_int_equal(line.n, n < limit ? n : limit);
			assert_int_equal(in.cut, n > limit);
			at += n + 1;
		}
		assert_true(at >= text.n);
		assert_int_equal(in.n_read, text.n);
		input_release(&in);
		close(fd[0]);
		buf_release(&text);
	}
}

/* A read gives what was written at once, as of a pipe that is slow. */
static void compressed_bytes_may_come_one_by_one(void **state)
{
	static const unsigned char gz[] = { 0x1f, 0x8b, 8,    0,    0,	  0,	0, 0,
					    0,	  3,	0x4b, 0xe4, 0x4a, 0xe2, 2, 0,
					    0x97, 0x2a, 0x57, 0x18, 4,	  0,	0, 0 };
	struct bytes line;
	struct input in;
	struct err e;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	for (size_t i = 0; i < sizeof(gz); i++)
		assert_int_equal(write(fd[1], gz + i, 1), 1);
	close(fd[1]);
	input_init(&in, fd[0], 100);
	for (const char *want = "ab"; *want;) {
		if (input_line(&in, &line) != INPUT_LINE) {
			assert_false(in.at_end);
			assert_int_equal(input_fill(&in, &e), 0);
			continue;
		}
		assert_int_equal(line.n, 1);
		assert_int_equal(line.p[0], *want++);
	}
	input_release(&in);
	close(fd[0]);
}

static void spellings_of_labels(void **state)
{
	struct label_cache c = { .streams = streams_new() };
	uint32_t a, b;
	struct err e;

	(void)state;
	assert_int_equal(label_cache_get(&c, BYTES_LIT("fake"), TENANT_DEFAULT,
					 BYTES_LIT("{\"a\":\"1\",\"b\":\"2\"}"), &a, &e),
			 0);
	assert_int_equal(label_cache_get(&c, BYTES_LIT("fake"), TENANT_DEFAULT,
					 BYTES_LIT("{ \"b\":\"2\", \"a\":\"\\u0031\" }"), &b, &e),
			 0);
	assert_int_equal(a, b);
	assert_int_equal(label_cache_get(&c, BYTES_LIT("fake"), TENANT_OWN,
					 BYTES_LIT("{\"a\":\"1\",\"b\":\"2\"}"), &b, &e),
			 0);
	assert_int_equal(a, b);
	assert_int_equal(label_cache_get(&c, BYTES_LIT("other"), TENANT_OWN,
					 BYTES_LIT("{\"a\":\"1\",\"b\":\"2\"}"), &b, &e),
			 0);
	assert_int_not_equal(a, b);
	assert_int_equal(
		label_cache_get(&c, BYTES_LIT("fake"), TENANT_DEFAULT, BYTES_LIT("{}"), &b, &e),
		-1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(label_cache_get(&c, BYTES_LIT("a/b"), TENANT_OWN,
					 BYTES_LIT("{\"a\":\"1\"}"), &b, &e),
			 -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(streams_count(c.streams), 2);
	streams_free(c.streams);
	label_cache_release(&c);
}

/* lokid-ingest --input frames, from and to pipes, into a folder of its own. */
struct framed {
	char *dir;
	struct sample s;
	struct wal_reserve reserve;
	struct ingest_counts counts;
	struct err e;	    /* of ingest_close */
	char answers[2000]; /* what --ack says */
};

static void framed_begin(struct framed *f)
{
	*f = (struct framed){ .dir = new_folder() };
	sample_begin(&f->s, 1);
}

static void framed_batches(struct framed *f, uint32_t stream, uint64_t first, uint64_t last)
{
	uint64_t seed = 3;

	for (uint64_t id = first; id <= last; id++)
		sample_batch(&f->s, &seed, &stream, 1, 4, 20, id);
}

/* Gives it all; fails: so many writes of the log. Returns what ingest_close does. */
static int framed_give(struct framed *f, int fails)
{
	struct ingest_opts o = { .input = INGEST_FRAMES,
				 .tenant = BYTES_LIT("fake"),
				 .reserve = f->reserve,
				 .wal_dir = f->dir,
				 .line_max = 1000 };
	int frames[2], ack[2], rc;
	struct ingest *in;
	ssize_t n;

	assert_int_equal(pipe(frames), 0);
	assert_int_equal(pipe(ack), 0);
	assert_int_equal(write(frames[1], f->s.bytes.p, f->s.bytes.n), (ssize_t)f->s.bytes.n);
	close(frames[1]);
	o.ack_fd = ack[1];
	assert_int_equal(ingest_open(&o, &in, &f->e), 0);
	fail_writes = fails;
	assert_int_equal(ingest_fd(in, frames[0], "frames", &f->e), 0);
	rc = ingest_close(in, &f->counts, &f->e);
	n = read(ack[0], f->answers, sizeof(f->answers) - 1);
	assert_true(n > 0);
	f->answers[n] = '\0';
	close(frames[0]);
	close(ack[0]);
	close(ack[1]);
	return rc;
}

static void framed_end(struct framed *f)
{
	sample_release(&f->s);
	remove_folder(f->dir);
}

/* Frames with ids: each batch is committed and answered by itself, the refused ones too, and others
 * follow. */
static void frames_are_answered(void **state)
{
	struct framed f;

	(void)state;
	framed_begin(&f);
	framed_batches(&f, sample_stream(&f.s, "fake", "web"), 101, 103);
	assert_int_equal(framed_give(&f, 2), -1); /* of all three, then of the first */
	assert_int_equal(f.e.code, ERR_FULL);
	assert_int_equal(f.counts.done.n, 8);
	assert_int_equal(f.counts.refused.n, 4);
	assert_true(f.counts.refused.n_bytes > 0);
	assert_int_equal(f.counts.done.n_bytes + f.counts.refused.n_bytes, f.counts.given.n_bytes);
	assert_ptr_equal(strstr(f.answers, "101 full: "), f.answers);
	assert_non_null(strstr(f.answers, "No space left on device\n102 ok\n103 ok\n"));
	framed_end(&f);
}

/* No disk has that much: each batch is told to come again, and none is in the log. */
static void a_reserve_is_kept(void **state)
{
	struct framed f;

	(void)state;
	framed_begin(&f);
	framed_batches(&f, sample_stream(&f.s, "fake", "web"), 101, 102);
	f.reserve.bytes = (uint64_t)1 << 60;
	assert_int_equal(framed_give(&f, 0), -1);
	assert_int_equal(f.e.code, ERR_FULL);
	assert_int_equal(f.counts.refused.n, 8);
	assert_ptr_equal(strstr(f.answers, "101 full: the disk is nearly full: "), f.answers);
	assert_non_null(strstr(f.answers, "1.0 EiB are kept (--reserve), "));
	assert_non_null(strstr(f.answers, "more were to be written\n102 full: "));
	f.reserve = (struct wal_reserve){ .percent = 100 };
	assert_int_equal(framed_give(&f, 0), -1);
	assert_non_null(strstr(f.answers, " (100 %) are kept"));
	framed_end(&f);
}

/* Frames whose series record is lost: nothing of a batch can be placed, so each is refused. */
static void frames_that_cannot_be_read_are_answered(void **state)
{
	struct framed f;

	(void)state;
	framed_begin(&f);
	framed_batches(&f, sample_stream(&f.s, "fake", "web"), 101, 102);
	f.s.bytes.p[WAL_HEADER + WAL_FRAG_HEAD + 3] ^= 1;
	assert_int_equal(framed_give(&f, 0), 0);
	assert_int_equal(f.counts.given.n, 0);
	assert_int_equal(f.counts.done.n, 0);
	assert_int_equal(f.counts.bad.n, 8);
	assert_int_equal(f.counts.damaged.n, 1);
	assert_string_equal(f.answers,
			    "101 refused: 4 entries of a stream whose labels are lost\n"
			    "102 refused: 4 entries of a stream whose labels are lost\n");
	framed_end(&f);
}

/* Frames of a stream without labels: as of JSON lines, they are refused. */
static void frames_without_labels_are_refused(void **state)
{
	struct framed f;
	struct labels none = { 0 };
	uint32_t bare;

	(void)state;
	framed_begin(&f);
	assert_int_equal(streams_add(f.s.streams, BYTES_LIT("fake"), &none, &bare, NULL), 0);
	framed_batches(&f, bare, 101, 101);
	framed_batches(&f, sample_stream(&f.s, "fake", "web"), 102, 102);
	assert_int_equal(framed_give(&f, 0), 0);
	assert_int_equal(f.counts.bad.n, 4);
	assert_int_equal(f.counts.done.n, 4);
	assert_string_equal(f.answers, "101 refused: a stream needs at least one label\n102 ok\n");
	framed_end(&f);
}

/* A batch without entries: there is nothing to keep, and its sender waits. */
static void empty_frames_are_answered(void **state)
{
	struct framed f;
	struct buf b = { 0 };

	(void)state;
	framed_begin(&f);
	framed_batches(&f, sample_stream(&f.s, "fake", "web"), 101, 101);
	wr_u8(&b, WAL_REC_BATCH);
	wr_u32be(&b, 0);
	wr_lstr(&b, BYTES_LIT("fake"));
	wr_u64be(&b, 0);
	wr_u64be(&b, 0);
	wr_uvarint(&b, 102);
	for (int i = 0; i < 3; i++) /* entries, streams, sections */
		wr_uvarint(&b, 0);
	wr_patch_u32be(&b, 1, (uint32_t)b.n + 4);
	wr_u32be(&b, crc32c(b.p, b.n));
	wal_packer_copy(f.s.packer, buf_bytes(&b), 0, &f.s.bytes);
	framed_batches(&f, sample_stream(&f.s, "fake", "web"), 103, 103);
	assert_int_equal(framed_give(&f, 0), 0);
	assert_int_equal(f.counts.done.n, 8);
	assert_string_equal(f.answers, "101 ok\n102 ok\n103 ok\n");
	buf_release(&b);
	framed_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_of_lines),
		cmocka_unit_test(levels_of_made_up_pairs),
		cmocka_unit_test(levels_of_labels_and_metadata),
		cmocka_unit_test(names_of_services),
		cmocka_unit_test(lines_of_reads),
		cmocka_unit_test(compressed_bytes_may_come_one_by_one),
		cmocka_unit_test(spellings_of_labels),
		cmocka_unit_test(frames_are_answered),
		cmocka_unit_test(a_reserve_is_kept),
		cmocka_unit_test(frames_that_cannot_be_read_are_answered),
		cmocka_unit_test(frames_without_labels_are_refused),
		cmocka_unit_test(empty_frames_are_answered),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
