/*
 * snappy-sync - what durable writing costs at least: reads a file in pieces of 1 MiB, compresses
 * each with snappy, writes it and syncs. The yardstick for the WAL.
 *
 *	snappy-sync IN OUT [EVERY]
 *
 * Syncs after every EVERY pieces (default 1) and at the end. Prints MB/s of IN.
 */
#include <errno.h>
#include <fcntl.h>
#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "bench.h"

enum { PIECE = 1 << 20 };

static ssize_t read_piece(int fd, char *piece)
{
	ssize_t have = 0, n;

	do {
		n = read(fd, piece + have, PIECE - (size_t)have);
		if (n < 0)
			return -1;
		have += n;
	} while (n > 0 && have < PIECE);
	return have;
}

static void write_piece(int fd, const char *piece, size_t n, char *packed, size_t room)
{
	if (snappy_compress(piece, n, packed, &room) != SNAPPY_OK)
		die("snappy_compress");
	while (room > 0) {
		ssize_t put = write(fd, packed, room);

		if (put <= 0)
			die("write");
		packed += put;
		room -= (size_t)put;
	}
}

int main(int argc, char **argv)
{
	size_t room = snappy_max_compressed_length(PIECE);
	static char *piece, *packed; /* so that they are no leak where die() ends */
	uint64_t every = 1, n_pieces = 0, bytes = 0;
	double start = now_s(), took;
	ssize_t n;
	int in, out;

	if (argc < 3 || argc > 4 ||
	    (argc == 4 && (!num_u64(bytes_str(argv[3]), &every) || !every))) {
		fprintf(stderr, "usage: snappy-sync IN OUT [EVERY]\n");
		return 2;
	}
	piece = malloc(PIECE);
	packed = malloc(room);
	in = open(argv[1], O_RDONLY);
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (!piece || !packed || in < 0 || out < 0)
		die(in < 0 ? argv[1] : argv[2]);
	while ((n = read_piece(in, piece)) > 0) {
		write_piece(out, piece, (size_t)n, packed, room);
		bytes += (uint64_t)n;
		if (++n_pieces % every == 0 && fdatasync(out) < 0)
			die("fdatasync");
	}
	if (n < 0 || fdatasync(out) < 0 || close(out) < 0)
		die(n < 0 ? argv[1] : argv[2]);
	took = now_s() - start;
	printf("%.1f\n", (double)bytes / took / 1e6);
	close(in);
	free(piece);
	free(packed);
	return fflush(stdout) == 0 ? 0 : 4;
}
