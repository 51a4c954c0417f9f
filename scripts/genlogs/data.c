/*
 * Data for benchmarks: entries.jsonl (all streams, by time), raw/POD.log (the lines of one stream,
 * what a compressor would be given in our place) and truth.json (what must be found in them).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen.h"

enum {
	SLOTS = 1 << 16,	/* table that draws streams by weight */
	RAW_BUF_ALL = 64 << 20, /* over all streams */
	N_PLANTS = 3,		/* of each of the two rare strings */
	DAY_S = 86400,
};

static const char plant_word[] = "E_LEDGER_MISMATCH_7731";
static const char plant_trace[] = "c0ffee5e11ab1e0ddba11ca11ab1e5ad";
/* Where in the data they lie, in thousandths; each at or soon after its place. */
static const unsigned plant_at[2][N_PLANTS] = { { 170, 530, 890 }, { 310, 620, 970 } };

struct stream {
	const struct app *app;
	char pod[64];
	struct out labels; /* as JSON */
	struct out raw;	   /* not written yet */
	bool started;	   /* the file exists */
	uint64_t lines;
};

struct counts {
	uint64_t lines, bytes, by_level[LEVEL_COUNT], by_app[64], status_5xx, words, traces;
	int64_t first_ns, last_ns;
};

struct run {
	const struct data_args *args;
	struct world world;
	struct stream *streams;
	uint32_t *slots; /* SLOTS stream numbers, the busy ones more often */
	uint64_t raw_buf;
	FILE *entries;
	struct out json, line;
	struct counts n;
};

/* A pod's name as Kubernetes makes them: hash of the version, then of the pod. */
static void name_pod(struct stream *s, uint64_t number)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	uint64_t version = hash64((uint64_t)(s->app - apps) + 99), id = hash64(number * 31 + 7);
	struct out o = { 0 };

	out_strs(&o, s->app->name, "-", NULL);
	out_hex(&o, version, 9);
	out_str(&o, "-");
	for (int i = 0; i < 5; i++, id /= 27)
		out_mem(&o, &alphabet[id % 27], 1);
	out_str(&o, "-");
	out_uint(&o, number); /* makes it unique, which five letters alone would not */
	memcpy(s->pod, o.p, o.n);
	free(o.p);
}

static void name_stream(struct stream *s, uint64_t number)
{
	name_pod(s, number);
	out_strs(&s->labels, "{\"app\":\"", s->app->name, "\",\"cluster\":\"",
		 number % 3 ? "eu-1" : "us-1", "\",\"container\":\"", s->app->container,
		 "\",\"namespace\":\"", s->app->namespace, "\",\"pod\":\"", s->pod, "\"}", NULL);
}

/* Each app gets at least one stream and more by its weight; the pods of an app differ in how busy
 * they are, the first about five times the last. */
static void share_streams(struct run *run)
{
	uint64_t n = run->args->streams, weight_all = 0, slot = 0, heat_all = 0, heat = 0;
	uint64_t *heats = need(n * sizeof(*heats));

	for (unsigned a = 0; a < n_apps; a++)
		weight_all += apps[a].weight;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = i < n_apps ? 0 : (i - n_apps) * weight_all / (n - n_apps), a = 0;

		for (; i >= n_apps && at >= apps[a].weight; a++)
			at -= apps[a].weight;
		if (i < n_apps)
			a = i;
		run->streams[i].app = &apps[a];
		name_stream(&run->streams[i], i);
		heats[i] = 100 + hash64(i) % 400;
		heat_all += heats[i];
	}
	for (uint64_t i = 0; i < n; i++) {
		heat += heats[i];
		for (; slot < heat * SLOTS / heat_all; slot++)
			run->slots[slot] = (uint32_t)i;
	}
	free(heats);
}

static void flush_raw(struct run *run, struct stream *s)
{
	char path[4096];
	int fd;

	/* Opened for each write: the streams may be more than the descriptors we may have. */
	snprintf(path, sizeof(path), "%s/raw/%s.log", run->args->dir, s->pod);
	fd = open(path, O_WRONLY | O_CREAT | (s->started ? O_APPEND : O_TRUNC), 0666);
	if (fd < 0 || write(fd, s->raw.p, s->raw.n) != (ssize_t)s->raw.n || close(fd) < 0)
		die(path);
	s->started = true;
	s->raw.n = 0;
}

static void put_entry(struct run *run, struct stream *s, int64_t ts_ns)
{
	struct out *json = &run->json;
	const struct out *line = &run->line;

	json->n = 0;
	out_str(json, "{\"ts\":\"");
	out_uint(json, (uint64_t)ts_ns);
	out_str(json, "\",\"labels\":");
	out_mem(json, s->labels.p, s->labels.n);
	out_str(json, ",\"line\":\"");
	out_json(json, line->p, line->n);
	out_str(json, "\"}\n");
	if (fwrite(json->p, 1, json->n, run->entries) != json->n)
		die("entries.jsonl");
	if (s->raw.n + line->n + 1 > run->raw_buf && s->raw.n)
		flush_raw(run, s);
	out_mem(&s->raw, line->p, line->n);
	out_str(&s->raw, "\n");
}

static void count_line(struct run *run, const struct stream *s, int64_t ts_ns)
{
	struct counts *n = &run->n;

	if (n->lines++ == 0)
		n->first_ns = ts_ns;
	n->last_ns = ts_ns;
	n->bytes += run->line.n + 1;
	n->by_level[run->world.level]++;
	n->by_app[s->app - apps]++;
	n->status_5xx += run->world.status >= 500;
}

/* How far the day has got when `done` of all bytes are written: busy by day, quiet at night. The
 * four quarters of the day have 60, 100, 140 and 100 % of the mean rate. */
int64_t data_day_ns(uint64_t done, uint64_t all)
{
	static const unsigned share[5] = { 0, 15, 40, 75,
					   100 }; /* % written by each quarter's end */
	int64_t day = DAY_S * NS_PER_S;
	uint64_t ppb = (uint64_t)((unsigned __int128)done * 1000000000U / all);
	unsigned q = 0;

	if (ppb >= 1000000000U)
		return day;
	while (ppb >= share[q + 1] * 10000000ULL)
		q++;
	ppb -= share[q] * 10000000ULL;
	return day / 4 * q +
	       (int64_t)((__int128)(day / 4) * ppb / (10000000 * (share[q + 1] - share[q])));
}

static int64_t next_time(struct run *run, int64_t prev_ns, int64_t start_ns)
{
	uint64_t all = run->args->bytes > 60000 ? run->args->bytes : 60000;
	int64_t due = start_ns + data_day_ns(run->n.bytes, all), lag = due - prev_ns;
	int64_t mean = data_day_ns(all / 2 + 200, all) - data_day_ns(all / 2, all);
	int64_t ts;

	/* Random gaps, longer or shorter as the plan is ahead or behind. */
	if (lag < -8 * mean)
		mean /= 8;
	else if (lag > 8 * mean)
		mean = lag / 4;
	ts = prev_ns + 1 + (int64_t)rnd_gap(&run->world.rnd, (uint64_t)mean);
	return ts < run->args->end_s * NS_PER_S - NS_PER_S ? ts : prev_ns + 1;
}

/* Sets what is to be planted now; returns false when nothing is left to plant. */
static bool plant(struct run *run)
{
	uint64_t at = run->n.bytes / (run->args->bytes / 1000 + 1);
	struct world *w = &run->world;

	if (run->n.words < N_PLANTS && at >= plant_at[0][run->n.words])
		w->plant_word = plant_word;
	if (run->n.traces < N_PLANTS && at >= plant_at[1][run->n.traces])
		w->plant_trace = plant_trace;
	return run->n.words < N_PLANTS || run->n.traces < N_PLANTS;
}

static void write_all(struct run *run)
{
	int64_t start_ns = (run->args->end_s - DAY_S) * NS_PER_S, ts_ns = start_ns;
	struct world *w = &run->world;
	struct stream *s = NULL;

	while (plant(run) || run->n.bytes < run->args->bytes) {
		/* A request leaves some lines in quick succession, a stack trace comes in one go;
		 * web servers write a line for each request. */
		if (s &&
		    (w->frames_left || (s->app->kind != KIND_NGINX && rnd_chance(&w->rnd, 500)))) {
			ts_ns += 1 + (int64_t)rnd_gap(&w->rnd, w->frames_left ? 3000 : 400000);
		} else {
			s = &run->streams[run->slots[rnd_below(&w->rnd, SLOTS)]];
			ts_ns = next_time(run, ts_ns, start_ns);
			line_begin_request(w);
		}
		run->line.n = 0;
		line_write(w, s->app, ts_ns, &run->line);
		count_line(run, s, ts_ns);
		put_entry(run, s, ts_ns);
		s->lines++;
		run->n.words += memmem(run->line.p, run->line.n, plant_word,
				       sizeof(plant_word) - 1) != NULL;
		run->n.traces += memmem(run->line.p, run->line.n, plant_trace,
					sizeof(plant_trace) - 1) != NULL;
	}
}

static void put_number(struct out *o, const char *name, uint64_t v)
{
	out_strs(o, "  \"", name, "\": ", NULL);
	out_uint(o, v);
	out_str(o, ",\n");
}

static void save_truth(const struct run *run)
{
	const struct counts *n = &run->n;
	struct out o = { 0 };
	uint64_t used = 0;

	for (uint64_t i = 0; i < run->args->streams; i++)
		used += run->streams[i].lines > 0;
	out_str(&o, "{\n");
	put_number(&o, "bytes_asked", run->args->bytes);
	put_number(&o, "streams_asked", run->args->streams);
	put_number(&o, "seed", run->args->seed);
	put_number(&o, "end_s", (uint64_t)run->args->end_s);
	put_number(&o, "lines", n->lines);
	put_number(&o, "bytes", n->bytes); /* with a newline each */
	put_number(&o, "streams", used);
	put_number(&o, "first_ns", (uint64_t)n->first_ns);
	put_number(&o, "last_ns", (uint64_t)n->last_ns);
	out_strs(&o, "  \"rare_word\": \"", plant_word, "\",\n", NULL);
	put_number(&o, "rare_word_lines", n->words);
	out_strs(&o, "  \"rare_trace\": \"", plant_trace, "\",\n", NULL);
	put_number(&o, "rare_trace_lines", n->traces);
	put_number(&o, "status_5xx_lines", n->status_5xx);
	out_str(&o, "  \"level_lines\": {");
	for (unsigned l = 0; l < LEVEL_COUNT; l++) {
		out_strs(&o, l ? ", \"" : "\"", level_name[l], "\": ", NULL);
		out_uint(&o, n->by_level[l]);
	}
	out_str(&o, "},\n  \"app_lines\": {");
	for (unsigned a = 0; a < n_apps; a++) {
		out_strs(&o, a ? ", \"" : "\"", apps[a].name, "\": ", NULL);
		out_uint(&o, n->by_app[a]);
	}
	out_str(&o, "}\n}\n");
	out_save(&o, run->args->dir, "truth.json");
	free(o.p);
}

void data_make(const struct data_args *args)
{
	struct run run = { .args = args, .world.rnd.state = args->seed };
	char path[4096];

	run.streams = need(args->streams * sizeof(*run.streams));
	run.slots = need(SLOTS * sizeof(*run.slots));
	run.raw_buf = RAW_BUF_ALL / args->streams;
	run.entries = out_open(args->dir, "entries.jsonl");
	snprintf(path, sizeof(path), "%s/raw", args->dir);
	out_dir(path);
	share_streams(&run);
	for (unsigned i = 0; i < N_TRACES; i++)
		run.world.traces[i] = rnd_next(&run.world.rnd);
	write_all(&run);
	for (uint64_t i = 0; i < args->streams; i++) {
		if (run.streams[i].raw.n)
			flush_raw(&run, &run.streams[i]);
		free(run.streams[i].raw.p);
		free(run.streams[i].labels.p);
	}
	if (fclose(run.entries) != 0)
		die("entries.jsonl");
	save_truth(&run); /* last: its presence says that the rest is whole */
	free(run.streams);
	free(run.slots);
	free(run.json.p);
	free(run.line.p);
}

/*
 * Very many streams of few short lines within an hour: short-lived pods, one stream each. All
 * streams speak once, in a scattered order, then all again.
 */
void streams_make(const char *dir, uint64_t n_streams, uint64_t lines_each)
{
	enum { END_S = 1760565600 }; /* 2025-10-15T22:00:00Z */
	uint64_t total = n_streams * lines_each, step = 3600 * (uint64_t)NS_PER_S / (total + 1);
	FILE *f = out_open(dir, "entries.jsonl");
	struct rnd rnd = { .state = 4 };
	struct out o = { 0 };
	int64_t ts_ns = (END_S - 3600) * NS_PER_S;

	for (uint64_t i = 0; i < total; i++) {
		/* An odd prime that divides no count in use walks through all streams. */
		uint64_t number = (uint64_t)((unsigned __int128)i * 1000000007U % n_streams);

		ts_ns += 1 + (int64_t)rnd_below(&rnd, step);
		o.n = 0;
		out_str(&o, "{\"ts\":\"");
		out_uint(&o, (uint64_t)ts_ns);
		out_strs(&o, "\",\"labels\":{\"app\":\"", apps[number % n_apps].name,
			 "\",\"job\":\"j", NULL);
		out_uint(&o, number % 500);
		out_str(&o, "\",\"pod\":\"p-");
		out_hex(&o, hash64(number),
			16); /* different numbers, different hashes, digits enough */
		out_str(&o, "\"},\"line\":\"level=info msg=\\\"step done\\\" step=");
		out_uint(&o, i / n_streams);
		out_str(&o, " took=");
		out_frac(&o, rnd_spread(&rnd, 9000, 4));
		out_str(&o, "ms\"}\n");
		if (fwrite(o.p, 1, o.n, f) != o.n)
			die("entries.jsonl");
	}
	if (fclose(f) != 0)
		die("entries.jsonl");
	free(o.p);
}
