/*
 * Any bytes as what a websocket's client sends: the first byte says how many of them came with the
 * request. It ends, and what it was told are whole frames without a mask.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/frames.h"

enum { SENT_MAX = 60000 }; /* a pair of sockets holds it */

static void must(bool fits)
{
	if (!fits)
		abort();
}

/* Frames of the server's: final, without reserved bits, short. */
static void check_frames(int fd)
{
	unsigned char got[4 * SENT_MAX];
	size_t n = 0, at = 0;
	ssize_t more;

	while ((more = recv(fd, got + n, sizeof(got) - n, MSG_DONTWAIT)) > 0)
		n += (size_t)more;
	while (at < n) {
		must(n - at >= 2 && (got[at] == 0x88 || got[at] == 0x8a) && got[at + 1] <= 125);
		must(n - at - 2 >= got[at + 1]);
		if (got[at] == 0x88)
			must(got[at + 1] >= 2 && at + 2 + got[at + 1] == n);
		at += 2 + got[at + 1];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct websocket *w;
	struct bytes b = bytes_of(data, size > SENT_MAX ? SENT_MAX : size), early;
	int fd[2];

	if (b.n == 0)
		return 0;
	early = bytes_sub(b, 1, (unsigned char)b.p[0]);
	b = bytes_sub(b, 1 + early.n, b.n);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	must(b.n == 0 || send(fd[1], b.p, b.n, MSG_NOSIGNAL) == (ssize_t)b.n);
	shutdown(fd[1], SHUT_WR);
	w = websocket_new();
	websocket_begin(w, fd[0], early);
	must(websocket_wait(w, -1, 10000) == WEBSOCKET_CLOSED);
	websocket_part(w);
	websocket_free(w);
	check_frames(fd[1]);
	close(fd[0]);
	close(fd[1]);
	return 0;
}
