#include <stddef.h>

#include "base/work.h"
#include "bloom/values.h"
#include "chunk/chunk.h"
#include "ingest/listen.h"
#include "server/config_keys.h"
#include "server/config_memory.h"
#include "server/config_override.h"
#include "server/config_parts.h"
#include "store/store.h"
#include "time/time.h"

static const char *below(struct config *c, const char *dir, const char *name)
{
	struct buf b = { 0 };
	const char *ret;

	buf_addf(&b, "%s/%s", dir, name);
	ret = arena_copy(&c->arena, bytes_of(buf_str(&b), b.n + 1)).p;
	buf_release(&b);
	return ret;
}

/* What lies below the folder of all data, where it is not said otherwise. */
static void settle_folders(struct config *c, const struct yaml_node *root)
{
	if (!config_node(root, "common.path_prefix"))
		return;
	if (!config_node(root, "ingester.wal.dir"))
		c->wal = below(c, c->data, "wal");
	if (!config_node(root, "common.store"))
		c->store_path = below(c, c->data, "store");
	if (!config_node(root, "audit.log_path"))
		c->audit.log_path = below(c, c->data, "audit.log");
}

/* "v1/" is "/v1". */
static void settle_path_prefix(struct config *c)
{
	struct bytes p = bytes_str(c->server.path_prefix);
	struct buf b = { 0 };

	while (p.n && p.p[p.n - 1] == '/')
		p.n--;
	while (p.n && p.p[0] == '/')
		p = bytes_sub(p, 1, p.n);
	if (p.n)
		buf_addf(&b, "/%.*s", BYTES_ARG(p));
	c->server.path_prefix = arena_copy(&c->arena, bytes_of(buf_str(&b), b.n + 1)).p;
	buf_release(&b);
}

/* --- TLS --- */

/* The suites that Go's crypto/tls knows, as GnuTLS puts them together. Of version 1.3 all are
 * always there. */
static const struct {
	const char *name, *kx, *cipher, *mac;
} suites[] = {
	{ "TLS_AES_128_GCM_SHA256", "", ":+AES-128-GCM", ":+AEAD" },
	{ "TLS_AES_256_GCM_SHA384", "", ":+AES-256-GCM", ":+AEAD" },
	{ "TLS_CHACHA20_POLY1305_SHA256", "", ":+CHACHA20-POLY1305", ":+AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", ":+ECDHE-ECDSA", ":+AES-128-GCM", ":+AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", ":+ECDHE-ECDSA", ":+AES-256-GCM", ":+AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", ":+ECDHE-ECDSA", ":+CHACHA20-POLY1305",
	  ":+AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", ":+ECDHE-ECDSA", ":+CHACHA20-POLY1305",
	  ":+AEAD" },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", ":+ECDHE-ECDSA", ":+AES-128-CBC", ":+SHA1" },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", ":+ECDHE-ECDSA", ":+AES-256-CBC", ":+SHA1" },
	{ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ":+ECDHE-RSA", ":+AES-128-GCM", ":+AEAD" },
	{ "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", ":+ECDHE-RSA", ":+AES-256-GCM", ":+AEAD" },
	{ "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", ":+ECDHE-RSA", ":+CHACHA20-POLY1305",
	  ":+AEAD" },
	{ "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", ":+ECDHE-RSA", ":+CHACHA20-POLY1305", ":+AEAD" },
	{ "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ":+ECDHE-RSA", ":+AES-128-CBC", ":+SHA1" },
	{ "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", ":+ECDHE-RSA", ":+AES-256-CBC", ":+SHA1" },
	{ "TLS_RSA_WITH_AES_128_GCM_SHA256", ":+RSA", ":+AES-128-GCM", ":+AEAD" },
	{ "TLS_RSA_WITH_AES_256_GCM_SHA384", ":+RSA", ":+AES-256-GCM", ":+AEAD" },
	{ "TLS_RSA_WITH_AES_128_CBC_SHA", ":+RSA", ":+AES-128-CBC", ":+SHA1" },
	{ "TLS_RSA_WITH_AES_256_CBC_SHA", ":+RSA", ":+AES-256-CBC", ":+SHA1" },
};

static void add_once(struct buf *out, const char *word)
{
	if (!strstr(buf_str(out), word))
		buf_add_str(out, word);
}

static void settle_ciphers(struct config *c, const struct yaml_node *root, struct report *r)
{
	const struct key_names *names = &c->server.tls_cipher_suites;
	struct buf b = { 0 };

	if (names->n == 0)
		return;
	buf_add_str(&b, "NONE:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509");
	for (size_t i = 0; i < names->n; i++) {
		size_t k = 0;

		while (k < sizeof(suites) / sizeof(*suites) &&
		       strcmp(suites[k].name, names->name[i]) != 0)
			k++;
		if (k == sizeof(suites) / sizeof(*suites)) {
			report_error_at(
				r, config_node(root, "server.tls_cipher_suites"),
				"'server.tls_cipher_suites': '%.100s' is no cipher suite that is "
				"known",
				names->name[i]);
			continue;
		}
		add_once(&b, suites[k].kx);
		add_once(&b, suites[k].cipher);
		add_once(&b, suites[k].mac);
	}
	c->server.tls.ciphers = arena_copy(&c->arena, bytes_of(buf_str(&b), b.n + 1)).p;
	buf_release(&b);
}

static void settle_tls(struct config *c, const struct yaml_node *root, struct report *r)
{
	static const char *const versions[] = { "VersionTLS10", "VersionTLS11", "VersionTLS12",
						"VersionTLS13" };
	static const enum http_client_cert certs[] = { HTTP_CERT_NONE,	 HTTP_CERT_NONE,
						       HTTP_CERT_ASKED,	 HTTP_CERT_ASKED,
						       HTTP_CERT_NEEDED, HTTP_CERT_NEEDED };
	const struct yaml_node *at = config_node(root, "server.http_tls_config");
	struct http_tls *tls = &c->server.tls;
	bool has_cert = tls->cert_file && *tls->cert_file,
	     has_key = tls->key_file && *tls->key_file;
	bool has_ca = tls->client_ca_file && *tls->client_ca_file;

	tls->min_version = versions[c->server.tls_min_version];
	tls->client_cert = certs[c->server.client_auth_type];
	if (has_cert != has_key)
		report_error_at(r, at,
				"'server.http_tls_config': cert_file and key_file go together");
	if (tls->client_cert != HTTP_CERT_NONE && !has_ca)
		report_error_at(
			r, at, "'server.http_tls_config': client_auth_type needs a client_ca_file");
	if (tls->client_cert == HTTP_CERT_NONE && has_ca)
		report_error_at(
			r, at,
			"'server.http_tls_config': client_ca_file needs a client_auth_type, as "
			"RequireAndVerifyClientCert");
	if (has_ca && !has_cert)
		report_error_at(
			r, at,
			"'server.http_tls_config': client_ca_file needs cert_file and key_file");
	if (!has_cert)
		tls->cert_file = NULL;
	settle_ciphers(c, root, r);
}

/* --- values --- */

enum { LEVEL_MAX = 19 }; /* zstd's */

static bool is_sync(const char *text)
{
	static const char interval[] = "interval=";
	int64_t ns;

	if (strcmp(text, "always") == 0 || strcmp(text, "none") == 0)
		return true;
	return strncmp(text, interval, sizeof(interval) - 1) == 0 &&
	       time_parse_duration(bytes_str(text + sizeof(interval) - 1), &ns, NULL) == 0 &&
	       ns > 0;
}

static void check_filter(const struct yaml_node *root, const char *key, const char *filter,
			 struct report *r)
{
	const struct yaml_node *at = config_node(root, key);
	enum bloom_what what;

	if (at && !bloom_what_parse(bytes_str(filter), &what))
		report_error_at(r, at, "'%s': expected none, small or full, found '%.100s'", key,
				filter);
}

static void check_lines(const struct yaml_node *root, const char *key, const char *lines,
			struct report *r)
{
	const struct yaml_node *at = config_node(root, key);

	if (at && strcmp(lines, "apart") != 0 && strcmp(lines, "whole") != 0)
		report_error_at(r, at, "'%s': expected apart or whole, found '%.100s'", key, lines);
}

static void check_range(const struct yaml_node *root, const char *key, unsigned v, unsigned max,
			struct report *r)
{
	const struct yaml_node *at = config_node(root, key);

	if (at && (v < 1 || v > max))
		report_error_at(r, at, "'%s': expected 1 to %u, found '%u'", key, max, v);
}

/* Where something must not be none. */
static void check_above_zero(const struct yaml_node *root, const char *path, bool is_zero,
			     struct report *r)
{
	const struct yaml_node *at = config_node(root, path);

	if (is_zero && at)
		report_error_at(r, at, "'%s': it must be above zero", path);
}

static void check_place(const struct yaml_node *at, const char *path,
			int (*check)(const char *path, struct err *e), struct report *r)
{
	struct err e;

	if (at && check(path, &e) < 0)
		report_error_at(r, at, "%s", e.msg);
}

static void check_values(const struct config *c, const struct yaml_node *root, struct report *r)
{
	const struct yaml_node *at = config_node(root, "ingester.wal.sync");

	if (at && !is_sync(c->push.sync))
		report_error_at(
			r, at,
			"'ingester.wal.sync': expected always, interval=DURATION or none, found "
			"'%.100s'",
			c->push.sync);
	check_place(config_node(root, "common.store"), c->store_path, store_check_path, r);
	if (c->store_index)
		check_place(config_node(root, "store.index"), c->store_index, store_check_path, r);
	if (c->store_rules)
		check_place(config_node(root, "store.rules"), c->store_rules, store_check_path, r);
	check_place(config_node(root, "common.path_prefix"), c->data, store_check_folder, r);
	check_place(config_node(root, "ingester.wal.dir"), c->wal, store_check_folder, r);
	at = config_node(root, "ingester.wal.disk_full_threshold");
	if (at && c->push.disk_full_threshold > 1)
		report_error_at(
			r, at,
			"'ingester.wal.disk_full_threshold': expected 0 to 1, a part of the "
			"disk");
	check_range(root, "ingester.chunk_level", c->flush.level, LEVEL_MAX, r);
	check_range(root, "compactor.chunk_level", c->compact.level, LEVEL_MAX, r);
	check_filter(root, "ingester.chunk_filter", c->flush.filter, r);
	check_filter(root, "compactor.chunk_filter", c->compact.filter, r);
	check_lines(root, "ingester.chunk_lines", c->flush.lines, r);
	check_lines(root, "compactor.chunk_lines", c->compact.lines, r);
	check_above_zero(root, "server.http_threads", !c->server.threads, r);
	check_above_zero(root, "server.http_max_header_size", !c->server.head_max, r);
	check_above_zero(root, "distributor.max_recv_msg_size", !c->push.body_max, r);
	check_above_zero(root, "distributor.max_decompressed_size", !c->push.decompressed_max, r);
	check_above_zero(root, "distributor.max_bodies_size", !c->push.bodies_max, r);
	check_above_zero(root, "distributor.max_queue_size", !c->push.queue_max, r);
	check_above_zero(root, "ingester.wal.segment_size", !c->push.segment_size, r);
	check_above_zero(root, "ingester.wal.segment_age", !c->push.segment_age_ns, r);
	check_above_zero(root, "ingester.max_chunk_age", !c->push.segment_age_ns, r);
	check_above_zero(root, "ingester.flush_check_period", !c->flush.check_period_ns, r);
	check_range(root, "compactor.max_compaction_parallelism", c->compact.jobs, WORK_JOBS_MAX,
		    r);
	check_above_zero(root, "querier.max_concurrent", !c->query.max_concurrent, r);
	check_range(root, "querier.jobs", c->query.jobs, WORK_JOBS_MAX, r);
	check_above_zero(root, "runtime_config.period", !c->overrides_period_ns, r);
}

/* The first of a list that is none, as lokid-ingest would say when it is started. */
static int check_listen(struct bytes url, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	buf_add(&text, url.p, url.n);
	rc = listen_check_url(buf_str(&text), e);
	buf_release(&text);
	return rc;
}

static int check_label(struct bytes text, struct err *e)
{
	struct bytes name, value = text;

	if (!bytes_split(&value, '=', &name) || !value.p)
		return err_set(e, ERR_USAGE, "expected NAME=VALUE, found '%.*s'", BYTES_ARG(text));
	return labels_check_name(name, e);
}

static void check_list(const struct yaml_node *root, const char *path, const char *list,
		       int (*check)(struct bytes, struct err *), struct report *r)
{
	const struct yaml_node *at = config_node(root, path);
	struct bytes rest = bytes_str(list ? list : ""), one;
	struct err e;

	while (at && bytes_split(&rest, ',', &one)) {
		if (one.n && check(one, &e) < 0) {
			report_error_at(r, at, "'%s': %s", path, e.msg);
			return;
		}
	}
}

static void check_syslog(const struct config *c, const struct yaml_node *root, struct report *r)
{
	const struct yaml_node *at = config_node(root, "syslog.tenant");
	struct err e;

	check_list(root, "syslog.listen", c->syslog.listen, check_listen, r);
	check_list(root, "syslog.labels", c->syslog.labels, check_label, r);
	if (at && labels_check_tenant(bytes_str(c->syslog.tenant), &e) < 0)
		report_error_at(r, at, "'syslog.tenant': %s", e.msg);
}

/* What Loki does not say either, and what a disk tells that is full a year later. */
static void check_retention(const struct config *c, const struct yaml_node *root, struct report *r)
{
	const struct yaml_node *period = config_node(root, "limits_config.retention_period"),
			       *stream = config_node(root, "limits_config.retention_stream");
	static const char why[] = "'%s' has no effect: compactor.retention_enabled is false";
	int64_t ns;

	if (c->compact.retention_enabled)
		return;
	if (period && time_parse_duration(period->text, &ns, NULL) == 0 && ns)
		report_say(r, REPORT_WARNING, period, why, "limits_config.retention_period");
	if (stream && stream->n)
		report_say(r, REPORT_WARNING, stream, why, "limits_config.retention_stream");
}

/* Who sets a level believes in it. */
static void check_level_counts(const struct config *c, const struct yaml_node *root,
			       struct report *r)
{
	const struct yaml_node *at = config_node(root, "ingester.chunk_level");

	if (at && !yaml_is_null(at) && strcmp(c->flush.encoding, "zstd") != 0)
		report_say(r, REPORT_WARNING, at,
			   "'ingester.chunk_level' has no effect: ingester.chunk_encoding is %s",
			   c->flush.encoding);
}

static void settle_target(const struct yaml_node *root, struct report *r)
{
	const struct yaml_node *at = yaml_get(root, "target");

	if (at && !bytes_is(at->text, "all"))
		report_say(
			r, REPORT_WARNING, at,
			"'target': lokid is all of Loki in one process tree, whatever the target");
}

/* Where an empty text is nothing. */
static void settle_empty(const char **text)
{
	if (*text && !**text)
		*text = NULL;
}

/* Of two keys that set the same, the one that is ours decides. */
static void settle_segment_age(struct config *c, const struct yaml_node *root)
{
	static const struct key age = { "ingester.wal.segment_age",
					KEY_DURATION,
					KEY_USED,
					offsetof(struct config, push.segment_age_ns),
					NULL,
					NULL };
	const struct yaml_node *at = config_node(root, age.name);

	/* A value that cannot be was told already. */
	if (at && key_read(&age, age.name, at, c, &c->arena, NULL) < 0)
		return;
}

/* Lines of logs take about ten times less when they are compressed. */
enum { COMPRESSION = 10 };

static uint64_t clip_size(uint64_t v)
{
	return v > CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX : v < CHUNK_SIZE_MIN ? CHUNK_SIZE_MIN : v;
}

/* In bytes of lines, and told when it is not as it was asked for. */
static uint64_t settle_size(uint64_t lines, const char *key, const struct yaml_node *root,
			    struct report *r)
{
	uint64_t v = clip_size(lines);
	const struct yaml_node *at = config_node(root, key);
	struct buf text = { 0 };

	if (v == lines || !at)
		return v;
	key_add_size(&text, v);
	report_say(r, REPORT_WARNING, at, "'%s': it becomes %s of lines and metadata, %s", key,
		   buf_str(&text), v < lines ? "the most" : "the least");
	buf_release(&text);
	return v;
}

/* chunkpack takes no blocks that are larger than the chunk. */
static void settle_chunks(struct config_flush *f, const struct yaml_node *root, struct report *r)
{
	f->encoding = config_encoding(f->chunk_encoding);
	if (f->chunk_target_size)
		f->chunk_bytes = settle_size(f->chunk_target_size > UINT64_MAX / COMPRESSION
						     ? UINT64_MAX
						     : f->chunk_target_size * COMPRESSION,
					     "ingester.chunk_target_size", root, r);
	if (f->chunk_block_size)
		f->block_bytes =
			settle_size(f->chunk_block_size, "ingester.chunk_block_size", root, r);
	if (f->chunk_bytes && f->block_bytes > f->chunk_bytes)
		f->block_bytes = f->chunk_bytes;
}

void config_settle(struct config *c, const struct yaml_node *root, struct report *r)
{
	settle_target(root, r);
	settle_folders(c, root);
	settle_path_prefix(c);
	settle_tls(c, root, r);
	settle_segment_age(c, root);
	settle_empty(&c->programs);
	settle_empty(&c->cache);
	settle_empty(&c->store_index);
	settle_empty(&c->store_rules);
	config_join_store(c);
	settle_empty(&c->overrides_file);
	settle_empty(&c->syslog.listen);
	settle_chunks(&c->flush, root, r);
	check_values(c, root, r);
	config_settle_memory(c, root, r);
	check_level_counts(c, root, r);
	check_syslog(c, root, r);
	check_retention(c, root, r);
}
