// simdjson-scan - what a bare scan of JSON lines costs with simdjson: reads FILE, lines of JSON
// compressed with zstd or not, and counts those whose FIELD is a number of at least MIN.
//
//	simdjson-scan FILE FIELD MIN
//
// Prints "count parse_s": parse_s is the time in the parser alone, without reading and
// decompressing. The yardstick for | json; built only where the library is.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <simdjson.h>
#include <string>
#include <zstd.h>

using namespace simdjson;

namespace
{

const size_t batch = 1 << 20; // of the parser; a line may not be longer

struct scan {
	ondemand::parser parser;
	const char *field;
	int64_t min;
	uint64_t count = 0;
	double seconds = 0;
};

[[noreturn]] void die(const char *what)
{
	fprintf(stderr, "simdjson-scan: error: %s\n", what);
	exit(4);
}

// Whole lines; SIMDJSON_PADDING bytes more are readable behind them.
void count(scan &s, const char *lines, size_t n)
{
	auto start = std::chrono::steady_clock::now();
	ondemand::document_stream docs;

	if (s.parser.iterate_many(lines, n, batch).get(docs))
		die("the parser cannot begin");
	for (auto doc : docs) {
		int64_t v;

		// A line may lack the field, and then has to be read to its end.
		if (!doc.find_field_unordered(s.field).get(v))
			s.count += v >= s.min;
	}
	s.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The whole lines among the first `have` bytes; what is left moves to the front. Returns how much.
size_t count_whole(scan &s, std::string &text, size_t have)
{
	const char *end = static_cast<const char *>(memrchr(text.data(), '\n', have));
	size_t n = end ? static_cast<size_t>(end - text.data()) + 1 : 0;

	if (n == 0)
		die("a line is too long");
	count(s, text.data(), n);
	memmove(&text[0], text.data() + n, have - n);
	return have - n;
}

void scan_plain(scan &s, FILE *f)
{
	std::string text(batch + SIMDJSON_PADDING, '\0');
	size_t have = 0, got;

	while ((got = fread(&text[have], 1, batch - have, f)) > 0)
		have = count_whole(s, text, have + got);
}

void scan_zstd(scan &s, FILE *f)
{
	std::string in(ZSTD_DStreamInSize(), '\0'), text(batch + SIMDJSON_PADDING, '\0');
	ZSTD_DCtx *z = ZSTD_createDCtx();
	size_t have = 0, got;

	while ((got = fread(&in[0], 1, in.size(), f)) > 0) {
		ZSTD_inBuffer from = { in.data(), got, 0 };
		bool full = true;

		while (from.pos < from.size || full) {
			ZSTD_outBuffer to = { &text[0], batch, have };

			if (ZSTD_isError(ZSTD_decompressStream(z, &to, &from)))
				die("bad zstd data");
			have = to.pos;
			full = have == batch;
			if (full)
				have = count_whole(s, text, have);
		}
	}
	count(s, text.data(), have);
	ZSTD_freeDCtx(z);
}

} // namespace

int main(int argc, char **argv)
{
	static const unsigned char magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	unsigned char head[4] = { 0 };
	scan s;

	if (argc != 4)
		die("expected FILE FIELD MIN");
	FILE *f = fopen(argv[1], "rb");
	if (!f)
		die(argv[1]);
	s.field = argv[2];
	s.min = atoll(argv[3]);
	bool zstd = fread(head, 1, 4, f) == 4 && memcmp(head, magic, 4) == 0;
	rewind(f);
	if (zstd)
		scan_zstd(s, f);
	else
		scan_plain(s, f);
	if (ferror(f))
		die(argv[1]);
	fclose(f);
	printf("%llu\t%.4f\n", static_cast<unsigned long long>(s.count), s.seconds);
	return fflush(stdout) == 0 ? 0 : 4;
}
