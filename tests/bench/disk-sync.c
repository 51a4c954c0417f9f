/*
 * disk-sync - what a disk takes to make appended bytes durable: the limit of every durable push.
 *
 *	disk-sync [-b BYTES] [-r RATE] [-d SECONDS] FILE
 *
 * Appends BYTES to FILE and syncs it (fdatasync), RATE times a second or as often as that goes,
 * for so many seconds; a new file is begun every 64 MB. FILE is gone at the end. Prints
 * "p50_ms p99_ms max_ms" of the syncs, TAB between.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "bench.h"

enum { FILE_BYTES = 64 << 20, SYNCS_MAX = 1 << 20 };

static uint64_t number(const char *text)
{
	uint64_t n;

	if (!num_u64(bytes_str(text), &n) || n == 0)
		die(text);
	return n;
}

static int begin(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		die(path);
	return fd;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	uint64_t piece = 100000, rate = 250, seconds = 10, size = 0;
	double *took = mem_alloc(SYNCS_MAX * sizeof(*took));
	const char *path;
	size_t n = 0;
	double begun;
	char *bytes;
	int fd;

	for (int o; (o = getopt(argc, argv, "b:r:d:")) != -1;) {
		if (o == '?')
			exit(2);
		*(o == 'b' ? &piece : o == 'r' ? &rate : &seconds) = number(optarg);
	}
	if (optind + 1 != argc) {
		fputs("disk-sync: error: expected FILE\n", stderr);
		exit(2);
	}
	path = argv[optind];
	bytes = mem_alloc(piece);
	for (size_t i = 0; i < piece; i++)
		bytes[i] = (char)(i * 2654435761U >> 24);
	fd = begin(path);
	begun = now_s();
	while (now_s() - begun < (double)seconds && n < SYNCS_MAX) {
		double next = begun + (double)n / (double)rate, now = now_s();

		if (next > now)
			usleep((useconds_t)((next - now) * 1e6));
		if (write(fd, bytes, piece) != (ssize_t)piece)
			die(path);
		now = now_s();
		if (fdatasync(fd) < 0)
			die(path);
		took[n++] = now_s() - now;
		size += piece;
		if (size >= FILE_BYTES) {
			close(fd);
			fd = begin(path);
			size = 0;
		}
	}
	unlink(path);
	qsort(took, n, sizeof(*took), cmp_double);
	printf("%.3f\t%.3f\t%.3f\n", took[n / 2] * 1e3, took[n * 99 / 100] * 1e3,
	       took[n - 1] * 1e3);
	return 0;
}
