#include "cli/cli.h"

#include <ctype.h>
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
#include "cli/verbs.h"

#ifndef LOKID_VERSION
#define LOKID_VERSION "0.1.0"
#endif

enum { OPT_VERSION = 255, HELP_COLUMN = 28 };

const char *cli_version(void)
{
	return LOKID_VERSION;
}

static size_t count_opts(const struct cli *c)
{
	size_t n = 0;

	while (c->opts && c->opts[n].letter)
		n++;
	return n;
}

static size_t count_taken(const struct cli_taken *taken)
{
	size_t n = 0;

	while (taken && taken[n].take)
		n++;
	return n;
}

/* With .verb_options. */
static const struct cli_verb_options *options_of(const struct cli *c, const struct cli_verb *v)
{
	return &c->verb_options[v - c->verbs];
}

/* One option of all: its row, and what its place counts from when cli_next takes it. */
struct row {
	const struct cli_opt *opt;
	const struct cli_taken *taken; /* NULL: the program takes it */
	size_t at;
};

/* Row i of .opts, of .taken, and of the verb that is given, or else of each; false behind the last.
 */
static bool row_at(const struct cli *c, size_t i, struct row *ret)
{
	size_t n = count_opts(c);

	if (i < n) {
		*ret = (struct row){ &c->opts[i], NULL, 0 };
		return true;
	}
	i -= n;
	n = count_taken(c->taken);
	if (i < n) {
		*ret = (struct row){ &c->taken[i].opt, &c->taken[i], 0 };
		return true;
	}
	i -= n;
	for (const struct cli_verb *v = c->verbs; c->verb_options && v->name; v++) {
		const struct cli_verb_options *own = options_of(c, v);

		if (c->verb && v != c->verb)
			continue;
		n = count_taken(own->taken);
		if (i < n) {
			*ret = (struct row){ &own->taken[i].opt, &own->taken[i], own->at };
			return true;
		}
		i -= n;
	}
	return false;
}

static const struct cli_opt *option_at(const struct cli *c, size_t i)
{
	struct row r = { 0 };

	row_at(c, i, &r);
	return r.opt;
}

static size_t count_all(const struct cli *c)
{
	struct row r;
	size_t n = 0;

	while (row_at(c, n, &r))
		n++;
	return n;
}

static bool has_letter(const struct cli_opt *o)
{
	return o->letter > 0 && o->letter < OPT_VERSION;
}

/* What getopt gives for row i: its letter, or a number of its own. */
static int key_of(const struct cli *c, size_t i)
{
	const struct cli_opt *o = option_at(c, i);

	return has_letter(o) ? o->letter : CLI_LONG + (int)i;
}

/* May options stand behind operands? */
enum order { IN_ANY_ORDER, AS_THEY_STAND };

static void drop_tables(struct cli *c)
{
	free(c->long_opts);
	free(c->short_opts);
	c->long_opts = NULL;
	c->short_opts = NULL;
}

static void make_tables(struct cli *c, enum order order)
{
	size_t n = count_all(c);
	char *s;

	c->long_opts = mem_alloc((n + 3) * sizeof(*c->long_opts));
	c->short_opts = s = mem_alloc(2 * n + 5);
	if (order == AS_THEY_STAND)
		*s++ = '+';
	*s++ = ':'; /* getopt: tell a missing value apart, print nothing */
	for (size_t i = 0; i < n; i++) {
		const struct cli_opt *o = option_at(c, i);

		c->long_opts[i] =
			(struct option){ o->name, o->value ? required_argument : no_argument, NULL,
					 key_of(c, i) };
		if (has_letter(o)) {
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

static void print_option(const struct cli_opt *o)
{
	char left[80];
	int n;

	if (has_letter(o))
		n = snprintf(left, sizeof(left), "  -%c, --%s", o->letter, o->name);
	else
		n = snprintf(left, sizeof(left), "      --%s", o->name);
	if (o->value)
		snprintf(left + n, sizeof(left) - (size_t)n, " %s", o->value);
	print_row(left, o->help);
}

static void print_verbs(const struct cli_verb *v)
{
	char left[80];

	for (; v && v->name; v++) {
		snprintf(left, sizeof(left), "  %s %s", v->name, v->operands);
		print_row(left, v->help);
	}
}

static void print_rows(const struct cli_taken *t)
{
	for (; t && t->take; t++)
		print_option(&t->opt);
}

/* The usage, and what it is good for: of the program, or of one verb. */
static void print_head(const struct cli *c)
{
	const struct cli_verb *v = c->verb;
	const char *operands = v ? v->operands : c->operands;

	printf("usage: %s%s%s%s [OPTION]...%s%s\n", c->prog, v ? " " : "", v ? v->name : "",
	       c->verb_options && !v ? " COMMAND" : "", operands && *operands ? " " : "",
	       operands ? operands : "");
	if (v)
		printf("%c%s%s\n", toupper((unsigned char)v->help[0]), v->help + 1,
		       v->help[strlen(v->help) - 1] == '?' ? "" : ".");
	else if (c->about)
		printf("%s\n", c->about);
	if (c->verbs && !v) {
		printf("\ncommands:\n");
		print_verbs(c->verbs);
	}
	printf("\n");
}

static void print_help(const struct cli *c)
{
	const struct cli_verb_options *own = c->verb ? options_of(c, c->verb) : NULL;
	const char *examples = own && own->examples ? own->examples : c->examples;

	print_head(c);
	for (size_t i = 0; i < count_opts(c); i++)
		print_option(&c->opts[i]);
	print_rows(c->taken);
	if (own)
		print_rows(own->taken);
	print_option(&(struct cli_opt){ 'h', "help", NULL, "print this help" });
	print_option(&(struct cli_opt){ OPT_VERSION, "version", NULL, "print the version" });
	for (const struct cli_verb *v = c->verbs; c->verb_options && !own && v->name; v++) {
		printf("\n%s:\n", v->name);
		print_rows(options_of(c, v)->taken);
	}
	if (examples)
		printf("\n%s\n", examples);
	printf("\nSee %s(%d).\n", c->prog, c->section ? c->section : 1);
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

/* The first failure counts; "no" is an answer, which any failure outweighs. */
static void note_failure(struct cli *c, enum err_code code)
{
	if (c->failure == 0 || c->failure == err_exit_code(ERR_NO))
		c->failure = err_exit_code(code);
}

void cli_report(struct cli *c, const struct err *e)
{
	fflush(stdout);
	fprintf(stderr, "%s: error: %s\n", c->prog, e->msg);
	note_failure(c, e->code);
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

void cli_report_fault(struct cli *c, const struct err *e)
{
	if (c->n_faults < CLI_FAULTS_COMPARED && is_told(c, e))
		return;
	if (++c->n_faults <= CLI_FAULTS_TOLD)
		cli_report(c, e);
}

void cli_warn_once(struct cli *c, const struct err *e)
{
	if (!is_told(c, e))
		cli_warn(c, "%s", e->msg);
}

static size_t row_of(const struct cli *c, int key)
{
	size_t i = 0;

	while (c->long_opts[i].val != key)
		i++;
	return i;
}

/* The option of row i: its letter for the program, or 0 when it is dealt with. */
static int give(struct cli *c, size_t i)
{
	struct row r = { 0 };
	struct err e;

	if (!row_at(c, i, &r))
		return 0;
	c->current = r.opt->name;
	if (optarg && *optarg == '\0')
		cli_usage(c, "option '--%s': its value is empty", c->current);
	if (!r.taken)
		return r.opt->letter;
	if (r.taken->take((char *)c->data + r.at + r.taken->at, optarg, &e) < 0)
		cli_bad_value(c, &e);
	return 0;
}

/* The verb that has an option of this name, when the one that is given has none. */
static const struct cli_verb *verb_of_option(const struct cli *c, const char *name)
{
	for (const struct cli_verb *v = c->verbs; c->verb && v->name; v++)
		for (size_t i = 0; i < count_taken(options_of(c, v)->taken); i++)
			if (strcmp(options_of(c, v)->taken[i].opt.name, name) == 0)
				return v;
	return NULL;
}

/* word: as "--limt" or "--limt=3", whose value is cut off. */
static _Noreturn void unknown_option(const struct cli *c, char *word)
{
	size_t n = count_all(c);
	const char **names = mem_alloc((n + 2) * sizeof(*names)), *like = NULL;
	const struct cli_verb *v;

	word[strcspn(word, "=")] = '\0';
	v = strncmp(word, "--", 2) == 0 ? verb_of_option(c, word + 2) : NULL;
	for (size_t i = 0; i < n; i++)
		names[i] = option_at(c, i)->name;
	names[n++] = "help";
	names[n++] = "version";
	if (strncmp(word, "--", 2) == 0)
		like = cli_most_like(names, n, word + 2);
	free(names);
	if (like && strcmp(like, word + 2) == 0)
		cli_usage(c, "option '%s' takes no value", word);
	if (v)
		cli_usage(c, "option '%s' is one of '%s', not of '%s'", word, v->name,
			  c->verb->name);
	if (like)
		cli_usage(c, "unknown option '%s': did you mean '--%s'?", word, like);
	cli_usage(c, "unknown option '%s'", word);
}

/* word: one that begins with a letter that is none of ours, as "-limit" or "-limit=3": the name of
 * an option behind one dash, as programs in Go take them? */
static void check_one_dash(const struct cli *c, const char *word)
{
	size_t len = word && word[0] == '-' ? strcspn(word + 1, "=") : 0;

	for (size_t i = 0; len && i < count_all(c); i++) {
		const char *name = option_at(c, i)->name;

		if (strlen(name) == len && strncmp(word + 1, name, len) == 0)
			cli_usage(c, "unknown option '-%s': did you mean '--%s'?", name, name);
	}
}

/* The first operand names it: looked for before all else, since it says which options there are. */
static void seek_verb(struct cli *c, int argc, char **argv)
{
	const struct cli_verb *v = c->verbs;

	make_tables(c, AS_THEY_STAND);
	optind = 0; /* getopt begins anew, here and below */
	while (getopt_long(argc, argv, c->short_opts, c->long_opts, NULL) != -1)
		; /* whatever is wrong is told when the options are taken */
	while (optind < argc && v->name && strcmp(v->name, argv[optind]) != 0)
		v++;
	c->verb = optind < argc && v->name ? v : NULL;
	drop_tables(c);
	optind = 0;
}

static void take_verb(struct cli *c)
{
	const struct cli_verb *v;
	struct err e;

	if (c->n_operands == 0)
		cli_usage(c, "no command given");
	if (!c->verb && (cli_verb_find(c->verbs, c->operand[0], NULL, &v, &e) < 0))
		cli_usage(c, "%s", e.msg);
	if (!c->verb)
		cli_usage(c, "'%s' is no command", c->operand[0]);
	c->operand++;
	c->n_operands--;
}

/* As cli_next, with 0 for an option that is dealt with. */
static int next(struct cli *c, int argc, char **argv)
{
	int letter = getopt_long(argc, argv, c->short_opts, c->long_opts, NULL);

	switch (letter) {
	case -1:
		drop_tables(c);
		c->operand = argv + optind;
		c->n_operands = argc - optind;
		if (c->verb_options)
			take_verb(c);
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
		/* One of our letters stands for a long option with a value that it does not take.
		   Of a letter that is not ours the word may be the next: more letters follow. */
		if (optopt && optopt < OPT_VERSION && !strchr(c->short_opts, optopt)) {
			check_one_dash(c, argv[optind]);
			cli_usage(c, "unknown option '-%c'", optopt);
		}
		unknown_option(c, argv[optind - 1]);
	default:
		return give(c, row_of(c, letter));
	}
}

int cli_next(struct cli *c, int argc, char **argv)
{
	int letter;

	opterr = 0;
	if (!c->long_opts) {
		if (c->verb_options)
			seek_verb(c, argc, argv);
		make_tables(c, IN_ANY_ORDER);
		optind = 0; /* also of a second command line in one process */
	}
	do {
		letter = next(c, argc, argv);
	} while (letter == 0);
	return letter;
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

static uint64_t count_in(const struct cli *c, uint64_t min, uint64_t max)
{
	uint64_t v;
	struct err e;

	if (cli_read_count(optarg, min, max, &v, &e) < 0)
		cli_bad_value(c, &e);
	return v;
}

uint64_t cli_limit(const struct cli *c)
{
	uint64_t n = count_in(c, 0, UINT64_MAX);

	return n ? n : UINT64_MAX;
}

int cli_word(const struct cli *c, const char *const *words)
{
	int i;
	struct err e;

	if (cli_read_word(optarg, words, &i, &e) < 0)
		cli_bad_value(c, &e);
	return i;
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

/* What failed before was told, perhaps: then nothing is left to be written now. */
static void end_stdout(struct cli *c)
{
	struct err e;
	bool is_new;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	is_new = errno || c->failure == 0 || c->failure == err_exit_code(ERR_NO);
	if (errno)
		err_sys(&e, "cannot write to stdout");
	else
		err_set(&e, ERR_IO, "cannot write to stdout");
	if (is_new)
		fprintf(stderr, "%s: error: %s\n", c->prog, e.msg);
	note_failure(c, e.code);
}

/* Says how many were not told, once. */
static void end_faults(struct cli *c)
{
	uint64_t more = c->n_faults > CLI_FAULTS_TOLD ? c->n_faults - CLI_FAULTS_TOLD : 0;

	if (more)
		cli_warn(c, "%llu more %s", (unsigned long long)more,
			 num_word(more, "fault", "faults"));
	c->n_faults = 0;
}

int cli_exit(struct cli *c)
{
	end_stdout(c);
	end_faults(c);
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
