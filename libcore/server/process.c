/* The tree is found from above, by the list of children that each thread of a process has, so that
 * a machine with thousands of other processes costs nothing. */
#include "server/process.h"

#include <dirent.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"

enum {
	PROC_FILE_MAX = 1 << 20, /* of "children": ten thousands of numbers */
	DEPTH_MAX = 8,		 /* the daemon's programs start none themselves */
};

const char *const process_programs[] = { "lokid-ingest", "walreplay", "chunkpack", "idxbuild",
					 "logql",	 "other",     NULL };

/* Fields of /proc/PID/stat that are looked at, numbered as proc(5) has them. */
enum {
	STAT_UTIME = 14,
	STAT_STIME,
	STAT_CUTIME,
	STAT_CSTIME,
	STAT_START = 22,
	STAT_VSIZE,
	STAT_RSS,
	STAT_FIELDS,
};

struct stat_line {
	struct bytes program; /* in the text */
	uint64_t of[STAT_FIELDS];
};

static int read_proc(const char *path, struct buf *ret, struct err *e)
{
	buf_reset(ret);
	return io_read_file(path, PROC_FILE_MAX, ret, e);
}

/* The name stands in parentheses and may hold any byte, so the last one ends it. */
static int parse_stat(struct bytes text, struct stat_line *ret, struct err *e)
{
	const char *open = memchr(text.p, '(', text.n), *close = memrchr(text.p, ')', text.n);
	struct bytes rest, word;
	size_t field = 3;

	if (!open || !close || close < open)
		return err_set(e, ERR_IO, "not the line of a process");
	ret->program = bytes_of(open + 1, (size_t)(close - open - 1));
	rest = bytes_trim(bytes_of(close + 1, (size_t)(text.p + text.n - close - 1)));
	for (; field < STAT_FIELDS && bytes_split(&rest, ' ', &word); field++)
		if (!num_u64(word, &ret->of[field]))
			ret->of[field] = 0; /* a letter, or a number below 0: none of ours */
	if (field < STAT_FIELDS)
		return err_set(e, ERR_IO, "a process's line of %zu fields", field);
	return 0;
}

static double seconds(uint64_t ticks)
{
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t page_bytes(uint64_t pages)
{
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The number behind a word that begins a line: "MemTotal:  16 kB". */
static int number_of(const char *path, const char *word, uint64_t *ret, struct err *e)
{
	struct buf text = { 0 };
	struct bytes rest, line, number;
	int rc;

	rc = read_proc(path, &text, e);
	rest = buf_bytes(&text);
	while (rc == 0 && bytes_split(&rest, '\n', &line)) {
		if (!bytes_starts(line, bytes_str(word)))
			continue;
		line = bytes_trim(bytes_sub(line, strlen(word), SIZE_MAX));
		if (bytes_split(&line, ' ', &number) && num_u64(number, ret))
			goto out;
	}
	if (rc == 0)
		rc = err_set(e, ERR_IO, "'%s': no number behind '%s'", path, word);
out:
	buf_release(&text);
	return rc;
}

/* When the machine was started: Unix seconds. */
static int boot_time(uint64_t *ret, struct err *e)
{
	return number_of("/proc/stat", "btime ", ret, e);
}

/* Of the group at `path` and of those that it is in: the least that a file called `name` says. A
 * file that is not there, or says "max", is no limit. */
static void lower_by_groups(const char *mount, struct bytes path, const char *name, uint64_t *limit)
{
	struct buf file = { 0 }, text = { 0 };
	uint64_t n;
	struct err none;

	while (true) {
		buf_reset(&file);
		buf_addf(&file, "%s%.*s/%s", mount, BYTES_ARG(path), name);
		if (read_proc(buf_str(&file), &text, &none) == 0 &&
		    num_u64(bytes_trim(buf_bytes(&text)), &n) && n < *limit)
			*limit = n;
		if (path.n == 0)
			break;
		while (path.n > 0 && path.p[--path.n] != '/')
			;
	}
	buf_release(&file);
	buf_release(&text);
}

/* Lines as "0::/a/b" (version 2), "4:cpu,memory:/a/b". */
static void lower_by_group(struct bytes line, uint64_t *limit)
{
	struct bytes number, of, one;

	if (!bytes_split(&line, ':', &number) || !bytes_split(&line, ':', &of) || !line.p)
		return;
	if (of.n == 0)
		lower_by_groups("/sys/fs/cgroup", line, "memory.max", limit);
	while (of.n && bytes_split(&of, ',', &one))
		if (bytes_is(one, "memory"))
			lower_by_groups("/sys/fs/cgroup/memory", line, "memory.limit_in_bytes",
					limit);
}

int process_memory_limit(uint64_t *ret_bytes, struct err *e)
{
	struct buf text = { 0 };
	struct bytes rest, line;
	struct err none;
	uint64_t kib, limit;

	if (number_of("/proc/meminfo", "MemTotal:", &kib, e) < 0)
		return -1;
	limit = kib * 1024;
	if (read_proc("/proc/self/cgroup", &text, &none) == 0) {
		rest = buf_bytes(&text);
		while (bytes_split(&rest, '\n', &line))
			lower_by_group(line, &limit);
	}
	buf_release(&text);
	*ret_bytes = limit;
	return 0;
}

static uint64_t count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (!d)
		return 0;
	for (const struct dirent *f; (f = readdir(d));)
		n += f->d_name[0] != '.';
	closedir(d);
	return n - 1; /* that of d */
}

static double limit_of(int what)
{
	struct rlimit l;

	return getrlimit((__rlimit_resource_t)what, &l) < 0 || l.rlim_cur == RLIM_INFINITY
		       ? INFINITY
		       : (double)l.rlim_cur;
}

int process_self(struct process_self *ret, struct err *e)
{
	struct buf text = { 0 };
	struct stat_line line;
	uint64_t boot = 0;
	int rc = -1;

	if (read_proc("/proc/self/stat", &text, e) < 0 ||
	    parse_stat(buf_bytes(&text), &line, e) < 0 || boot_time(&boot, e) < 0)
		goto out;
	*ret = (struct process_self){
		.cpu_s = seconds(line.of[STAT_UTIME] + line.of[STAT_STIME]),
		.start_s = (double)boot + seconds(line.of[STAT_START]),
		.resident_bytes = page_bytes(line.of[STAT_RSS]),
		.virtual_bytes = line.of[STAT_VSIZE],
		.virtual_max_bytes = limit_of(RLIMIT_AS),
		.max_fds = limit_of(RLIMIT_NOFILE),
		.open_fds = count_fds(),
	};
	rc = 0;
out:
	buf_release(&text);
	return rc;
}

static int add_process(const char *pid, unsigned depth, struct process_tree *t, struct err *e);

/* Those that one thread has started. It may have ended: then it has none. */
static void add_children(const char *pid, const char *thread, unsigned depth,
			 struct process_tree *t)
{
	struct buf path = { 0 }, text = { 0 }, child = { 0 };
	struct bytes rest, word;
	struct err gone;

	buf_addf(&path, "/proc/%s/task/%s/children", pid, thread);
	if (read_proc(buf_str(&path), &text, &gone) == 0) {
		rest = bytes_trim(buf_bytes(&text));
		while (rest.n && bytes_split(&rest, ' ', &word)) {
			buf_reset(&child);
			buf_add_bytes(&child, word);
			if (add_process(buf_str(&child), depth + 1, t, &gone) < 0)
				continue; /* it has ended meanwhile */
		}
	}
	buf_release(&path);
	buf_release(&text);
	buf_release(&child);
}

static void count_program(struct process_tree *t, struct bytes name)
{
	size_t i = 0;

	while (i < PROCESS_PROGRAMS - 1 && !bytes_is(name, process_programs[i]))
		i++;
	t->n[i]++;
}

static int add_process(const char *pid, unsigned depth, struct process_tree *t, struct err *e)
{
	struct buf path = { 0 }, text = { 0 };
	struct stat_line line;
	DIR *threads = NULL;
	int rc = -1;

	if (depth > DEPTH_MAX) {
		rc = 0;
		goto out;
	}
	buf_addf(&path, "/proc/%s/stat", pid);
	if (read_proc(buf_str(&path), &text, e) < 0 || parse_stat(buf_bytes(&text), &line, e) < 0)
		goto out;
	t->resident_bytes += page_bytes(line.of[STAT_RSS]);
	t->cpu_s += seconds(line.of[STAT_UTIME] + line.of[STAT_STIME] + line.of[STAT_CUTIME] +
			    line.of[STAT_CSTIME]);
	if (depth > 0)
		count_program(t, line.program);
	buf_reset(&path);
	buf_addf(&path, "/proc/%s/task", pid);
	if (io_opendir(buf_str(&path), &threads, e) < 0)
		goto out;
	for (const struct dirent *d; threads && (d = readdir(threads));)
		if (d->d_name[0] != '.')
			add_children(pid, d->d_name, depth, t);
	rc = 0;
out:
	if (threads)
		closedir(threads);
	buf_release(&path);
	buf_release(&text);
	return rc;
}

int process_tree(struct process_tree *ret, struct err *e)
{
	struct process_tree t = { 0 };

	if (add_process("self", 0, &t, e) < 0)
		return -1;
	*ret = t;
	return 0;
}
