/*
 * Ready pushes: 24 hours of a platform, as its agents would send them. bodies.bin (what agents
 * push), raw/APP.log (the lines of each app) and truth.json (what queries must find in them).
 *
 * A body has about a MB of lines of one agent; before it stand 24 bytes, little-endian: agent u32,
 * lines u32, bytes of lines u64, length of the body u32, 0 u32. The body is a push of Loki's in
 * protobuf, compressed with snappy.
 */
#include <stdlib.h>

#include "bodies.h"

enum {
	DAY_S = 86400,
	AGENTS = 16,
	BODY_BYTES = 1000000,
	STREAMS_OF_TABLE = 600,
	LINE_COST = 24,
	MESSAGES = 2
};

struct stream {
	struct out labels, json; /* {app="a", ...} and {"app":"a",...} */
	struct out entries;	 /* of the next body, as protobuf */
	uint64_t lines;
};

struct pod {
	const struct bodies_app *app;
	char name[64];
	unsigned agent;
	struct stream streams[BODIES_LEVELS];
};

struct agent {
	uint64_t bytes, lines; /* of the next body */
	uint64_t n_bodies;
};

struct run {
	const struct bodies_args *args;
	struct bodies_line line;
	struct bodies_truth *truth;
	struct pod *pods;
	size_t n_pods, first_pod[BODIES_APPS_MAX + 1]; /* by app */
	uint64_t weights;
	uint64_t message_at[BODIES_APPS_MAX][MESSAGES]; /* in bytes of all that is written */
	unsigned messages[BODIES_APPS_MAX];		/* written so far */
	char needle[33];
	struct agent agents[AGENTS];
	FILE *bodies, *raw[BODIES_APPS_MAX];
	struct out message, packed, text;
	uint64_t lines, bytes;
};

static bool has_levels(const struct bodies_app *app)
{
	return app->kind == BODIES_JSON || app->kind == BODIES_LOGFMT;
}

static void name_stream(struct stream *s, const struct pod *p, const char *cluster,
			const char *level)
{
	const struct bodies_app *a = p->app;

	out_strs(&s->labels, "{app=\"", a->name, "\", cluster=\"", cluster, "\", container=\"",
		 a->container, "\", ", NULL);
	out_strs(&s->json, "{\"app\":\"", a->name, "\",\"cluster\":\"", cluster,
		 "\",\"container\":\"", a->container, "\",", NULL);
	if (level) {
		out_strs(&s->labels, "level=\"", level, "\", ", NULL);
		out_strs(&s->json, "\"level\":\"", level, "\",", NULL);
	}
	out_strs(&s->labels, "namespace=\"", a->namespace, "\", pod=\"", p->name, "\"}", NULL);
	out_strs(&s->json, "\"namespace\":\"", a->namespace, "\",\"pod\":\"", p->name, "\"}", NULL);
}

static void name_pod(struct run *run, struct pod *p, size_t number)
{
	const char *cluster = number % 2 ? "us-1" : "eu-1";
	struct out name = { 0 };

	out_strs(&name, p->app->name, "-", NULL);
	out_hex(&name, hash64((uint64_t)(p->app - bodies_apps) + 401), 9);
	out_str(&name, "-");
	out_hex(&name, hash64(number + run->args->seed * 977), 5);
	out_mem(&name, "", 1);
	snprintf(p->name, sizeof(p->name), "%s", name.p);
	free(name.p);
	p->agent = (unsigned)(number % AGENTS);
	for (unsigned l = 0; l < (has_levels(p->app) ? BODIES_LEVELS : 1); l++)
		name_stream(&p->streams[l], p, cluster,
			    has_levels(p->app) ? bodies_level_name[l] : NULL);
}

static void make_pods(struct run *run)
{
	size_t n = 0;

	for (unsigned a = 0; a < bodies_n_apps; a++) {
		uint64_t pods = bodies_apps[a].pods * run->args->streams / STREAMS_OF_TABLE;

		run->first_pod[a] = run->n_pods;
		run->n_pods += pods ? pods : 1;
		run->weights +=
			bodies_apps[a].weight * 1000000U / bodies_mean_bytes(&bodies_apps[a]);
	}
	run->first_pod[bodies_n_apps] = run->n_pods;
	run->pods = need(run->n_pods * sizeof(*run->pods));
	for (unsigned a = 0; a < bodies_n_apps; a++)
		for (; n < run->first_pod[a + 1]; n++) {
			run->pods[n].app = &bodies_apps[a];
			name_pod(run, &run->pods[n], n);
		}
}

/* ---- pushes ---- */

static size_t varint_len(uint64_t v)
{
	size_t n = 1;

	for (; v >= 128; v >>= 7)
		n++;
	return n;
}

static void put_field(struct out *o, char tag, const char *p, size_t n)
{
	out_mem(o, &tag, 1);
	out_varint(o, n);
	out_mem(o, p, n);
}

/* EntryAdapter: 1 is the time (1 seconds, 2 nanoseconds), 2 the line. */
static void put_entry(struct stream *s, int64_t ts_ns, const struct out *line)
{
	uint64_t sec = (uint64_t)(ts_ns / NS_PER_S), ns = (uint64_t)(ts_ns % NS_PER_S);
	size_t time = 2 + varint_len(sec) + varint_len(ns);
	struct out *o = &s->entries;

	out_str(o, "\x12");
	out_varint(o, 2 + time + 1 + varint_len(line->n) + line->n);
	out_str(o, "\x0a");
	out_varint(o, time);
	out_str(o, "\x08");
	out_varint(o, sec);
	out_str(o, "\x10");
	out_varint(o, ns);
	put_field(o, 0x12, line->p, line->n);
}

static void put_stream(struct out *o, struct stream *s)
{
	size_t n = 1 + varint_len(s->labels.n) + s->labels.n + s->entries.n;

	out_str(o, "\x0a");
	out_varint(o, n);
	put_field(o, 0x0a, s->labels.p, s->labels.n);
	out_mem(o, s->entries.p, s->entries.n);
	s->entries.n = 0;
}

static void put_little(struct out *o, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8) {
		char c = (char)(v & 255);

		out_mem(o, &c, 1);
	}
}

static void write_to(FILE *f, const struct out *o)
{
	if (fwrite(o->p, 1, o->n, f) != o->n)
		die("writing");
}

static void write_body(struct run *run, unsigned number)
{
	struct agent *agent = &run->agents[number];
	struct out head = { 0 };

	if (agent->lines == 0)
		return;
	run->message.n = run->packed.n = 0;
	for (size_t p = number; p < run->n_pods; p += AGENTS)
		for (unsigned l = 0; l < BODIES_LEVELS; l++)
			if (run->pods[p].streams[l].entries.n)
				put_stream(&run->message, &run->pods[p].streams[l]);
	snappy_pack(&run->packed, run->message.p, run->message.n);
	put_little(&head, number, 4);
	put_little(&head, agent->lines, 4);
	put_little(&head, agent->bytes, 8);
	put_little(&head, run->packed.n, 4);
	put_little(&head, 0, 4);
	write_to(run->bodies, &head);
	write_to(run->bodies, &run->packed);
	free(head.p);
	agent->lines = agent->bytes = 0;
	agent->n_bodies++;
}

static void emit(struct run *run, struct pod *p, int64_t ts_ns)
{
	const struct out *line = &run->line.text;
	struct stream *s = &p->streams[has_levels(p->app) ? run->line.level : 0];
	struct agent *agent = &run->agents[p->agent];
	struct out *o = &run->text;

	put_entry(s, ts_ns, line);
	s->lines++;
	agent->lines++;
	agent->bytes += line->n;
	run->lines++;
	run->bytes += line->n;
	o->n = 0;
	out_time(o, TIME_ISO_NS, ts_ns);
	out_strs(o, " ", p->name, " ", NULL);
	out_mem(o, line->p, line->n);
	out_str(o, "\n");
	write_to(run->raw[p->app - bodies_apps], o);
	bodies_truth_add(run->truth, &run->line, ts_ns, run->needle);
	if (agent->bytes + LINE_COST * agent->lines >= BODY_BYTES)
		write_body(run, p->agent);
}

/* ---- which line, when ---- */

static struct pod *draw_pod(struct run *run)
{
	struct rnd *r = &run->line.world.rnd;
	uint64_t at = rnd_below(r, run->weights);
	size_t a = 0, n;

	for (;; a++) {
		uint64_t weight =
			bodies_apps[a].weight * 1000000U / bodies_mean_bytes(&bodies_apps[a]);

		if (at < weight || a + 1 == bodies_n_apps)
			break;
		at -= weight;
	}
	n = run->first_pod[a + 1] - run->first_pod[a];
	/* The first pods of an app are the busy ones. */
	return &run->pods[run->first_pod[a] +
			  (rnd_chance(r, 600) ? rnd_below(r, n) : rnd_below(r, 1 + n / 3))];
}

/* A line is up to 0.4 s after its turn, and one in fifty up to 20 s late. No time is a whole
 * second, and no two lines within a minute have the same. */
static int64_t draw_time(struct run *run)
{
	struct rnd *r = &run->line.world.rnd;
	int64_t ms =
		data_day_ns(run->bytes, run->args->bytes) / 1000000 + (int64_t)rnd_below(r, 400);

	if (rnd_chance(r, 20))
		ms -= (int64_t)rnd_below(r, 20000);
	if (ms < 1)
		ms = 1;
	if (ms > DAY_S * 1000LL - 1)
		ms = DAY_S * 1000LL - 1;
	return (run->args->end_s - DAY_S) * NS_PER_S + ms * 1000000 + 1 +
	       (int64_t)(run->lines % 999983);
}

/* Sets what is to go into the next lines that can carry it. */
static void plant(struct run *run, unsigned *n_needles, unsigned *n_words)
{
	static const unsigned needle_at[] = { 310, 620, 930, 1001 },
			      word_at[] = { 90, 280, 510, 760, 900, 1001 };
	const struct bodies_app *app = run->line.app;
	struct world *w = &run->line.world;
	uint64_t per_mille = run->bytes * 1000 / run->args->bytes;
	unsigned a = (unsigned)(app - bodies_apps);

	if (app->kind == BODIES_JSON && per_mille >= needle_at[*n_needles]) {
		w->plant_trace = run->needle;
		++*n_needles;
	}
	if (app->kind == BODIES_TEMPLATES && per_mille >= word_at[*n_words]) {
		w->plant_word = bodies_word;
		++*n_words;
	}
	if (run->messages[a] < MESSAGES && run->bytes >= run->message_at[a][run->messages[a]]) {
		run->line.plant_message = true;
		run->messages[a]++;
	}
}

static void write_all(struct run *run)
{
	struct rnd *r = &run->line.world.rnd;
	unsigned n_needles = 0, n_words = 0;
	struct pod *p = NULL;
	uint64_t more = 0;

	while (run->bytes < run->args->bytes) {
		int64_t ts_ns = draw_time(run);

		if (more == 0) {
			p = draw_pod(run);
			more = 1 + rnd_rank(r, 8);
		}
		more--;
		run->line.app = p->app;
		plant(run, &n_needles, &n_words);
		bodies_write_line(&run->line, ts_ns);
		emit(run, p, ts_ns);
	}
	for (unsigned i = 0; i < AGENTS; i++)
		write_body(run, i);
}

static void open_all(struct run *run)
{
	char path[4096], name[80];

	run->bodies = out_open(run->args->dir, "bodies.bin");
	snprintf(path, sizeof(path), "%s/raw", run->args->dir);
	for (unsigned a = 0; a < bodies_n_apps; a++) {
		snprintf(name, sizeof(name), "%s.log", bodies_apps[a].name);
		run->raw[a] = out_open(path, name);
	}
}

static void close_all(struct run *run)
{
	if (fclose(run->bodies) != 0)
		die("bodies.bin");
	for (unsigned a = 0; a < bodies_n_apps; a++)
		if (fclose(run->raw[a]) != 0)
			die(bodies_apps[a].name);
}

static void put_number(struct out *o, const char *name, uint64_t v)
{
	out_strs(o, "\"", name, "\":", NULL);
	out_uint(o, v);
	out_str(o, ",");
}

static void save_truth(struct run *run)
{
	struct out *labels = need(run->n_pods * BODIES_LEVELS * sizeof(*labels)), o = { 0 };
	uint64_t bodies = 0;
	size_t n = 0;

	for (size_t p = 0; p < run->n_pods; p++)
		for (unsigned l = 0; l < BODIES_LEVELS; l++)
			if (run->pods[p].streams[l].lines)
				labels[n++] = run->pods[p].streams[l].json;
	for (unsigned i = 0; i < AGENTS; i++)
		bodies += run->agents[i].n_bodies;
	out_str(&o, "{\n");
	put_number(&o, "seed", run->args->seed);
	put_number(&o, "start", (uint64_t)run->args->end_s - DAY_S);
	put_number(&o, "end", (uint64_t)run->args->end_s);
	put_number(&o, "lines", run->lines);
	put_number(&o, "raw_bytes", run->bytes); /* without newlines */
	put_number(&o, "streams", n);
	put_number(&o, "pods", run->n_pods);
	put_number(&o, "nodes", AGENTS);
	put_number(&o, "bodies", bodies);
	out_str(&o, "\n");
	bodies_truth_write(run->truth, &o, run->needle, labels, n);
	out_str(&o, "}\n");
	out_save(&o, run->args->dir, "truth.json");
	free(o.p);
	free(labels);
}

void bodies_make(const struct bodies_args *args)
{
	struct run run = { .args = args, .line.world.rnd.state = args->seed * 1000003 + 17 };
	struct rnd *r = &run.line.world.rnd;
	struct out needle = { 0 };

	for (unsigned i = 0; i < N_TRACES; i++)
		run.line.world.traces[i] = rnd_next(r);
	run.line.ids = rnd_next(r);
	out_hex(&needle, rnd_next(r), 16);
	out_hex(&needle, rnd_next(r), 16);
	memcpy(run.needle, needle.p, sizeof(run.needle) - 1);
	free(needle.p);
	for (unsigned a = 0; a < bodies_n_apps; a++)
		for (unsigned i = 0; i < MESSAGES; i++)
			run.message_at[a][i] = args->bytes / 20 * (1 + 9 * i + rnd_below(r, 8));
	run.truth = bodies_truth_new(args->end_s - DAY_S);
	make_pods(&run);
	out_dir(args->dir);
	open_all(&run);
	write_all(&run);
	close_all(&run);
	save_truth(&run); /* last: its presence says that the rest is whole */
}
