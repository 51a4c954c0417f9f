/*
 * measure - runs a command and prints what it cost: "wall_s cpu_s max_rss_kib", TAB between.
 *
 *	measure [-n RUNS] [-p PREPARE] [-i FILE] [-o FILE] [-s STATUS] COMMAND [ARG]...
 *
 * Of several runs the median of each time is printed, and the largest memory. PREPARE is done by sh
 * before each run and not counted. The command's stdin is -i (default /dev/null), its stdout -o
 * (default /dev/null). CPU and memory include the processes that the command waited for. Ends with
 * the command's status if that is neither 0 nor -s.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "bench.h"

enum { MAX_RUNS = 1000 };

struct cost {
	double wall_s, cpu_s;
	long max_rss_kib;
};

static double seconds(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static void redirect(int fd, const char *path, int flags)
{
	int opened = open(path, flags, 0666);

	if (opened < 0 || dup2(opened, fd) < 0)
		die(path);
	close(opened);
}

/* Returns the exit status of the command, 128 + signal when it was killed. */
static int run_once(char **argv, const char *in, const char *out, struct cost *ret)
{
	struct rusage ru;
	double start = now_s();
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		redirect(0, in, O_RDONLY);
		redirect(1, out, O_WRONLY | O_CREAT | O_TRUNC);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (wait4(pid, &status, 0, &ru) < 0)
		die("wait4");
	ret->wall_s = now_s() - start;
	ret->cpu_s = seconds(ru.ru_utime) + seconds(ru.ru_stime);
	ret->max_rss_kib = ru.ru_maxrss;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int main(int argc, char **argv)
{
	const char *in = "/dev/null", *out = "/dev/null", *prepare = NULL;
	static double wall_s[MAX_RUNS], cpu_s[MAX_RUNS];
	uint64_t runs = 1, good_status = 0;
	long max_rss_kib = 0;

	/* "+": the first operand ends the options, the rest are the command's. */
	for (int c; (c = getopt(argc, argv, "+n:p:i:o:s:")) != -1;) {
		switch (c) {
		case 'n':
			if (num_u64(bytes_str(optarg), &runs) && runs >= 1 && runs <= MAX_RUNS)
				break;
			fprintf(stderr, "measure: error: -n is to be from 1 to %d\n", MAX_RUNS);
			return 2;
		case 'p':
			prepare = optarg;
			break;
		case 'i':
			in = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 's':
			if (num_u64(bytes_str(optarg), &good_status))
				break;
			fprintf(stderr, "measure: error: -s is to be an exit status\n");
			return 2;
		default:
			return 2;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "measure: error: no command\n");
		return 2;
	}
	for (uint64_t i = 0; i < runs; i++) {
		struct cost cost;
		int status;

		if (prepare && system(prepare) != 0)
			die("the command of -p failed");
		status = run_once(argv + optind, in, out, &cost);
		if (status && (uint64_t)status != good_status)
			return status;
		wall_s[i] = cost.wall_s;
		cpu_s[i] = cost.cpu_s;
		if (cost.max_rss_kib > max_rss_kib)
			max_rss_kib = cost.max_rss_kib;
	}
	printf("%.4f\t%.4f\t%ld\n", median(wall_s, runs), median(cpu_s, runs), max_rss_kib);
	return fflush(stdout) == 0 ? 0 : 4;
}
