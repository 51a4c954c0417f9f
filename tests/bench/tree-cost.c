/*
 * tree-cost - what a process and those it has started cost so far, or while it is watched.
 *
 *	tree-cost PID             "cpu_s": of all of them, also of those that have ended
 *	tree-cost -w MS PID       looks every MS milliseconds, until PID is gone or SIGTERM comes;
 *	                          then "peak_kib peak_anonymous_kib largest_kib", TAB between
 *
 * Memory is that of all of them together, pages that several have counted once (PSS); anonymous is
 * the part of it that no file backs. largest is the peak of the one process that had most (VmHWM),
 * files that it maps included.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/num.h"
#include "bench.h"

enum { FILE_MAX_BYTES = 1 << 20, PROCESSES_MAX = 8192 };

struct memory {
	uint64_t pss_kib, anon_kib, largest_kib;
};

struct tree {
	unsigned pid[PROCESSES_MAX];
	size_t n;
};

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

/* False when it cannot be read: the process is gone. */
static bool read_proc(const char *path, struct buf *b)
{
	struct err e;

	buf_reset(b);
	if (io_read_file(path, FILE_MAX_BYTES, b, &e) < 0)
		return false;
	buf_str(b);
	return b->n > 0;
}

/* What stands in /proc/PID/stat behind the name, which may have any bytes: from the third field on.
 */
static char *stat_of(unsigned pid, struct buf *b)
{
	char path[64];
	char *p;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	if (!read_proc(path, b) || !(p = strrchr(b->p, ')')))
		return NULL;
	return p + 2;
}

struct process {
	unsigned pid, parent;
};

static size_t list_processes(struct process *ret, struct buf *b)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	size_t n = 0;

	if (!dir)
		die("/proc");
	while ((d = readdir(dir)) && n < PROCESSES_MAX) {
		uint64_t pid;
		char *stat;

		if (!num_u64(bytes_str(d->d_name), &pid) || !(stat = stat_of((unsigned)pid, b)))
			continue;
		ret[n++] = (struct process){ (unsigned)pid, (unsigned)strtoul(stat + 2, NULL, 10) };
	}
	closedir(dir);
	return n;
}

static void find_tree(struct tree *t, unsigned root, struct buf *b)
{
	static struct process all[PROCESSES_MAX];
	size_t n = list_processes(all, b);

	t->n = 1;
	t->pid[0] = root;
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < n; k++)
			if (all[k].parent == t->pid[i] && t->n < PROCESSES_MAX)
				t->pid[t->n++] = all[k].pid;
}

static double cpu_of(unsigned pid, struct buf *b)
{
	char *p = stat_of(pid, b);
	uint64_t ticks = 0;

	if (!p)
		return 0;
	for (int field = 3; field < 14; field++) /* utime stime cutime cstime are 14 to 17 */
		p = strchr(p, ' ') + 1;
	for (int field = 14; field <= 17; field++)
		ticks += strtoull(p, &p, 10);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t kib_of(const struct buf *b, const char *name)
{
	const char *at = strstr(b->p, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void look(struct tree *t, unsigned root, struct buf *b, struct memory *peak)
{
	struct memory now = { 0 };
	char path[64];

	find_tree(t, root, b);
	for (size_t i = 0; i < t->n; i++) {
		snprintf(path, sizeof(path), "/proc/%u/smaps_rollup", t->pid[i]);
		if (read_proc(path, b)) {
			now.pss_kib += kib_of(b, "\nPss:");
			now.anon_kib += kib_of(b, "\nPss_Anon:");
		}
		snprintf(path, sizeof(path), "/proc/%u/status", t->pid[i]);
		if (read_proc(path, b) && kib_of(b, "\nVmHWM:") > peak->largest_kib)
			peak->largest_kib = kib_of(b, "\nVmHWM:");
	}
	if (now.pss_kib > peak->pss_kib)
		peak->pss_kib = now.pss_kib;
	if (now.anon_kib > peak->anon_kib)
		peak->anon_kib = now.anon_kib;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = end };
	static struct tree t;
	uint64_t every_ms = 0, root;
	struct memory peak = { 0 };
	struct buf b = { 0 };
	double cpu = 0;

	for (int o; (o = getopt(argc, argv, "w:")) != -1;)
		if (o != 'w' || !num_u64(bytes_str(optarg), &every_ms) || every_ms == 0)
			return 2;
	if (optind + 1 != argc || !num_u64(bytes_str(argv[optind]), &root)) {
		fputs("tree-cost: error: expected a process id\n", stderr);
		return 2;
	}
	if (every_ms == 0) {
		find_tree(&t, (unsigned)root, &b);
		for (size_t i = 0; i < t.n; i++)
			cpu += cpu_of(t.pid[i], &b);
		printf("%.2f\n", cpu);
	} else {
		sigaction(SIGTERM, &act, NULL);
		while (!ended && kill((pid_t)root, 0) == 0) {
			look(&t, (unsigned)root, &b, &peak);
			usleep((useconds_t)(every_ms * 1000));
		}
		printf("%llu\t%llu\t%llu\n", (unsigned long long)peak.pss_kib,
		       (unsigned long long)peak.anon_kib, (unsigned long long)peak.largest_kib);
	}
	buf_release(&b);
	return fflush(stdout) == 0 ? 0 : 4;
}
