#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"

#ifndef LOKID_VERSION
#define LOKID_VERSION "0.1.0"
#endif

enum { OPT_VERSION = 255, HELP_COLUMN = 28 };

static size_t count_opts(const struct cli *c)
{
	size_t n = 0;

	while (c->opts && c->opts[n].letter)
		n++;
	return n;
}

static void make_tables(struct cli *c)
{
	size_t n = count_opts(c);
	char *s;

	c->long_opts = mem_alloc((n + 3) * sizeof(*c->long_opts));
	c->short_opts = s = mem_alloc(2 * n + 4);
	*s++ = ':'; /* getopt: tell a missing value apart, print nothing */
	for (size_t i = 0; i < n; i++) {
		const struct cli_opt *o = &c->opts[i];

		c->long_opts[i] =
			(struct option){ o->name, o->value ? required_argument : no_argument, NULL,
					 o->letter };
		if (o->letter < OPT_VERSION) {
			*s++ = (char)o->letter;
			if (o->value)
				*s++ = ':';
		}
	}
	*s++ = 'h';
	*s = '\0';
	c->long_opts[n] = (struct option){ "help", no_argument, NULL, 'h' };
	c->long_opts[n + 1] = (struct option){ "version", no_argument, NULL, OPT_VERSION };
}

/* What stands left, then the help text, below it where there is no room. */
static void print_row(const char *left, const char *help)
{
	if (strlen(left) > HELP_COLUMN - 2)
		printf("%s\n%*s%s\n", left, HELP_COLUMN, "", help);
	else
		printf("%-*s%s\n", HELP_COLUMN, left, help);
}

static void print_option(int letter, const char *name, const char *value, const char *help)
{
	char left[80];
	int n;

	if (letter < OPT_VERSION)
		n = snprintf(left, sizeof(left), "  -%c, --%s", letter, name);
	else
		n = snprintf(left, sizeof(left), "      --%s", name);
	if (value)
		snprintf(left + n, sizeof(left) - (size_t)n, " %s", value);
	print_row(left, help);
}

static void print_verbs(const struct cli_verb *v)
{
	char left[80];

	for (; v && v->name; v++) {
		snprintf(left, sizeof(left), "  %s %s", v->name, v->operands);
		print_row(left, v->help);
	}
}

static void print_help(const struct cli *c)
{
	printf("usage: %s [OPTION]... %s\n", c->prog, c->operands ? c->operands : "");
	if (c->about)
		printf("%s\n", c->about);
	if (c->verbs) {
		printf("\ncommands:\n");
		print_verbs(c->verbs);
	}
	printf("\n");
	for (size_t i = 0; i < count_opts(c); i++)
		print_option(c->opts[i].letter, c->opts[i].name, c->opts[i].value, c->opts[i].help);
	print_option('h', "help", NULL, "print this help");
	print_option(OPT_VERSION, "version", NULL, "print the version");
	if (c->examples)
		printf("\n%s\n", c->examples);
	printf("\nSee %s(1).\n", c->prog);
}

PRINTF_LIKE(3, 0)
static void say(const struct cli *c, const char *kind, const char *fmt, va_list va)
{
	struct buf line = { 0 };

	buf_addf(&line, "%s: %s", c->prog, kind);
	buf_addv(&line, fmt, va);
	buf_add_char(&line, '\n');
	fflush(stdout);
	fputs(buf_str(&line), stderr);
	buf_release(&line);
}

void cli_usage(const struct cli *c, const char *fmt, ...)
{
	struct err e;
	va_list va;
	char msg[ERR_MSG_MAX];

	va_start(va, fmt);
	vsnprintf(msg, sizeof(msg), fmt, va);
	va_end(va);
	err_set(&e, ERR_USAGE, "%s", msg);
	fprintf(stderr, "%s: error: %s (see %s -h)\n", c->prog, e.msg, c->prog);
	exit(err_exit_code(ERR_USAGE));
}

void cli_warn(const struct cli *c, const char *fmt, ...)
{
	va_list va;

	va_start(va, fmt);
	say(c, "warning: ", fmt, va);
	va_end(va);
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
	va_list va;

	va_start(va, fmt);
	say(c, "", fmt, va);
	va_end(va);
}

void cli_report(struct cli *c, const struct err *e)
{
	fflush(stdout);
	fprintf(stderr, "%s: error: %s\n", c->prog, e->msg);
	if (c->failure == 0)
		c->failure = err_exit_code(e->code);
}

static bool is_told(struct cli *c, const struct err *e)
{
	struct bytes msg = bytes_str(e->msg);
	uint64_t hash = hash64(msg);

	if (map_get(&c->told, hash, msg) != MAP_NONE)
		return true;
	map_put(&c->told, hash, arena_copy(&c->mem, msg), 0);
	return false;
}

void cli_report_once(struct cli *c, const struct err *e)
{
	if (!is_told(c, e))
		cli_report(c, e);
}

void cli_warn_once(struct cli *c, const struct err *e)
{
	if (!is_told(c, e))
		cli_warn(c, "%s", e->msg);
}

static void set_current(struct cli *c, int letter)
{
	for (size_t i = 0; i < count_opts(c); i++)
		if (c->opts[i].letter == letter)
			c->current = c->opts[i].name;
}

int cli_next(struct cli *c, int argc, char **argv)
{
	int letter;

	if (!c->long_opts)
		make_tables(c);
	opterr = 0;
	letter = getopt_long(argc, argv, c->short_opts, c->long_opts, NULL);
	switch (letter) {
	case -1:
		free(c->long_opts);
		free(c->short_opts);
		c->long_opts = NULL;
		c->short_opts = NULL;
		c->operand = argv + optind;
		c->n_operands = argc - optind;
		return -1;
	case 'h':
		print_help(c);
		exit(cli_exit(c));
	case OPT_VERSION:
		printf("%s (lokid) %s\n", c->prog, LOKID_VERSION);
		exit(cli_exit(c));
	case ':':
		cli_usage(c, "option '%s' needs a value", argv[optind - 1]);
	case '?':
		if (optopt && optopt < OPT_VERSION && strncmp(argv[optind - 1], "--", 2) != 0)
			cli_usage(c, "unknown option '-%c'", optopt);
		cli_usage(c, "unknown option '%s'", argv[optind - 1]);
	default:
		set_current(c, letter);
		if (optarg && *optarg == '\0')
			cli_usage(c, "option '--%s': its value is empty", c->current);
		return letter;
	}
}

const char *cli_arg(const struct cli *c)
{
	(void)c;
	return optarg;
}

void cli_bad_value(const struct cli *c, const struct err *e)
{
	cli_usage(c, "option '--%s': %s", c->current, e->msg);
}

uint64_t cli_count(const struct cli *c)
{
	uint64_t v;

	if (!num_u64(bytes_str(optarg), &v))
		cli_usage(c, "option '--%s': expected a whole number, found '%s'", c->current,
			  optarg);
	return v;
}

uint64_t cli_limit(const struct cli *c)
{
	uint64_t n = cli_count(c);

	return n ? n : UINT64_MAX;
}

uint64_t cli_size(const struct cli *c)
{
	uint64_t v;

	if (!num_size(bytes_str(optarg), &v))
		cli_usage(c, "option '--%s': expected a size as 64MiB, found '%s'", c->current,
			  optarg);
	return v;
}

static uint64_t in_range(const struct cli *c, uint64_t v, uint64_t min, uint64_t max)
{
	if (v < min)
		cli_usage(c, "option '--%s': expected at least %llu, found '%s'", c->current,
			  (unsigned long long)min, optarg);
	if (v > max)
		cli_usage(c, "option '--%s': expected at most %llu, found '%s'", c->current,
			  (unsigned long long)max, optarg);
	return v;
}

uint64_t cli_count_in(const struct cli *c, uint64_t min, uint64_t max)
{
	return in_range(c, cli_count(c), min, max);
}

uint64_t cli_size_in(const struct cli *c, uint64_t min, uint64_t max)
{
	return in_range(c, cli_size(c), min, max);
}

int cli_word(const struct cli *c, const char *const *words)
{
	struct buf all = { 0 };

	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], optarg) == 0) {
			buf_release(&all);
			return i;
		}
		buf_addf(&all, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	cli_usage(c, "option '--%s': expected %s, found '%s'", c->current, buf_str(&all), optarg);
}

int cli_each_input(struct cli *c, cli_input_fn *one, void *data)
{
	static char dash[] = "-";
	char *only_stdin[] = { dash };
	char **operand = c->n_operands ? c->operand : only_stdin;
	int n = c->n_operands ? c->n_operands : 1;

	for (int i = 0; i < n; i++) {
		bool is_stdin = strcmp(operand[i], "-") == 0;
		struct err e = { 0 };
		int fd = is_stdin ? STDIN_FILENO : io_open(operand[i], &e);

		if (fd < 0) {
			cli_report(c, &e);
			continue;
		}
		if (one(fd, is_stdin ? "stdin" : operand[i], data, &e) < 0) {
			err_wrap(&e, is_stdin ? "%s" : "'%s'", is_stdin ? "stdin" : operand[i]);
			cli_report(c, &e);
		}
		if (!is_stdin)
			close(fd);
	}
	return cli_exit(c);
}

int cli_exit(struct cli *c)
{
	struct err e;

	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno)
			err_sys(&e, "cannot write to stdout");
		else
			err_set(&e, ERR_IO, "cannot write to stdout");
		fprintf(stderr, "%s: error: %s\n", c->prog, e.msg);
		if (c->failure == 0)
			c->failure = err_exit_code(e.code);
	}
	map_release(&c->told);
	arena_release(&c->mem);
	return c->failure;
}

bool cli_color(const char *mode)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (mode && strcmp(mode, "always") == 0)
		return true;
	if (mode && strcmp(mode, "never") == 0)
		return false;
	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}
