/*
 * http-ask - how long an HTTP server takes to answer.
 *
 *	http-ask [-n RUNS] [-o FILE] HOST:PORT TARGET...
 *
 * A run asks for all targets (GET), one after the other, over one connection that is kept from run
 * to run. Prints the milliseconds of each run, a line each, from the first byte that is sent to the
 * last that is read. -o: the bodies of the last run, a newline behind each. An answer other than
 * 200 goes to stderr and is exit 1.
 */
#include <fcntl.h>

#include "base/io.h"
#include "client.h"

struct ask {
	struct sockaddr_in to;
	struct client_answer answer;
	struct buf request, bodies;
	int fd;
};

static void ask(struct ask *a, const char *target)
{
	int status;

	buf_reset(&a->request);
	buf_addf(&a->request, "GET %s HTTP/1.1\r\nHost: lokid\r\n\r\n", target);
	if (a->fd < 0)
		a->fd = client_dial(&a->to);
	if (a->fd < 0)
		die("cannot connect");
	if (!client_send(a->fd, buf_bytes(&a->request)))
		die("cannot send");
	status = client_receive(a->fd, &a->answer);
	if (status != 200) {
		fprintf(stderr, "http-ask: error: %d for '%s': %.*s\n", status, target,
			BYTES_ARG(buf_bytes(&a->answer.body)));
		exit(1);
	}
	if (a->answer.closes) {
		close(a->fd);
		a->fd = -1;
	}
	buf_add_bytes(&a->bodies, buf_bytes(&a->answer.body));
	buf_add_char(&a->bodies, '\n');
}

static void save(const char *path, struct bytes b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct err e;

	if (fd < 0)
		die(path);
	if (io_write(fd, b.p, b.n, &e) < 0)
		die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	struct ask a = { .fd = -1 };
	const char *out = NULL;
	uint64_t runs = 1;

	for (int o; (o = getopt(argc, argv, "n:o:")) != -1;) {
		if (o == '?')
			return 2;
		if (o == 'o')
			out = optarg;
		else if (!num_u64(bytes_str(optarg), &runs))
			die(optarg);
	}
	if (optind + 2 > argc) {
		fputs("http-ask: error: expected HOST:PORT and targets\n", stderr);
		return 2;
	}
	a.to = client_address(argv[optind++]);
	for (uint64_t i = 0; i < runs; i++) {
		double begun = now_s();

		buf_reset(&a.bodies);
		for (int t = optind; t < argc; t++)
			ask(&a, argv[t]);
		printf("%.3f\n", (now_s() - begun) * 1e3);
	}
	if (out)
		save(out, buf_bytes(&a.bodies));
	client_answer_release(&a.answer);
	buf_release(&a.request);
	buf_release(&a.bodies);
	return fflush(stdout) == 0 ? 0 : 4;
}
