/* The daemon's settings: files of Loki's as they are, ours, faults, what is printed. */
#include "unit.h"

#include "base/io.h"
#include "server/config_expand.h"
#include "server/config_read.h"

static struct buf said; /* a line each: "warning FILE:1:1: ..." */
static char *folder;
static struct buf path;

static void say(void *data, enum report_kind kind, const char *text)
{
	static const char *const kinds[] = { "note", "warning", "error" };

	(void)data;
	buf_addf(&said, "%s %s\n", kinds[kind], text);
}

static int make_folder(void **state)
{
	(void)state;
	folder = new_folder();
	return 0;
}

static int remove_all(void **state)
{
	(void)state;
	remove_folder(folder);
	buf_release(&said);
	buf_release(&path);
	return 0;
}

static const char *in_folder(const char *name)
{
	buf_reset(&path);
	buf_addf(&path, "%s/%s", folder, name);
	return buf_str(&path);
}

static const char *put(const char *name, const char *text)
{
	struct err e;

	if (file_replace_bytes(in_folder(name), bytes_str(text), &e) < 0)
		fail_msg("%s", e.msg);
	return in_folder(name);
}

static int read_file(const char *file, struct config *c, struct err *e)
{
	struct report r = { .say = say };

	buf_reset(&said);
	config_init(c);
	return config_read(file, CONFIG_EXPAND, c, &r, e);
}

static void read_good(const char *text, struct config *c)
{
	struct err e;

	if (read_file(put("c.yaml", text), c, &e) < 0)
		fail_msg("%s", e.msg);
}

/* Only the part of the message behind the file's name. */
static void refused(const char *text, const char *msg)
{
	struct config c;
	struct err e;

	assert_int_equal(-1, read_file(put("c.yaml", text), &c, &e));
	assert_string_equal(e.msg + strlen(folder) + strlen("/c.yaml:"), msg);
	config_release(&c);
}

static void without_a_file_all_is_there(void **state)
{
	struct config c;

	(void)state;
	config_init(&c);
	assert_false(c.auth_enabled);
	assert_int_equal(c.server.port, 3100);
	assert_string_equal(c.store, "./lokid-data/store");
	config_release(&c);
	read_good("", &c);
	assert_true(c.auth_enabled);
	config_release(&c);
}

static void keys_go_to_their_places(void **state)
{
	struct config c;

	(void)state;
	read_good("auth_enabled: false\n"
		  "server:\n"
		  "  http_listen_address: 127.0.0.1\n"
		  "  http_listen_port: 3200\n"
		  "  log_level: warn\n"
		  "  log_format: json\n"
		  "  http_path_prefix: v1/\n"
		  "  graceful_shutdown_timeout: 5s\n"
		  "common: {path_prefix: /var/lokid}\n"
		  "distributor: {max_recv_msg_size: 1MB}\n"
		  "ingester:\n"
		  "  chunk_encoding: gzip\n"
		  "  max_chunk_age: 1h\n"
		  "  wal: {sync: interval=100ms, disk_full_threshold: 0.8}\n"
		  "querier: {max_concurrent: 8, multi_tenant_queries_enabled: true}\n"
		  "frontend: {max_outstanding_per_tenant: 77}\n"
		  "limits_config: {per_tenant_override_config: /o.yaml, "
		  "per_tenant_override_period: 3s}\n"
		  "overrides: {a: {max_query_series: 5}}\n",
		  &c);
	assert_false(c.auth_enabled);
	assert_string_equal(c.server.address, "127.0.0.1");
	assert_int_equal(c.server.port, 3200);
	assert_int_equal(c.server.log_level, LOG_WARN);
	assert_int_equal(c.server.log_format, LOG_FORMAT_JSON);
	assert_string_equal(c.server.path_prefix, "/v1");
	assert_true(c.server.graceful_shutdown_timeout_ns == INT64_C(5000000000));
	assert_string_equal(c.data, "/var/lokid");
	assert_string_equal(c.wal, "/var/lokid/wal");
	assert_string_equal(c.store, "/var/lokid/store");
	assert_string_equal(c.audit.log_path, "/var/lokid/audit.log");
	assert_int_equal(c.push.body_max, 1 << 20);
	assert_string_equal(c.push.sync, "interval=100ms");
	assert_true(c.push.disk_full_threshold == 0.8);
	assert_true(c.push.segment_age_ns == INT64_C(3600000000000));
	assert_string_equal(c.flush.encoding, "zstd");
	assert_int_equal(c.query.max_concurrent, 8);
	assert_true(c.multi_tenant_queries);
	assert_string_equal(c.overrides_file, "/o.yaml");
	assert_true(c.overrides_period_ns == INT64_C(3000000000));
	assert_int_equal(limits_of(c.limits, bytes_str("b"))->max_outstanding_per_tenant, 77);
	assert_int_equal(limits_of(c.limits, bytes_str("a"))->max_outstanding_per_tenant, 77);
	assert_int_equal(limits_of(c.limits, bytes_str("a"))->max_query_series, 5);
	config_release(&c);
}

static void our_key_decides_over_the_one_that_is_mapped(void **state)
{
	struct config c;

	(void)state;
	read_good("ingester: {wal: {segment_age: 7s}, max_chunk_age: 1h}\n", &c);
	assert_true(c.push.segment_age_ns == INT64_C(7000000000));
	config_release(&c);
}

static void sizes_of_chunks_are_what_chunkpack_takes(void **state)
{
	static const struct {
		const char *text;
		uint64_t chunk, block;
	} cases[] = {
		{ "ingester: {}\n", 0, 0 },
		{ "ingester: {chunk_target_size: 1536000, chunk_block_size: 262144}\n", 15360000,
		  262144 },
		{ "ingester: {chunk_target_size: 1GB, chunk_block_size: 1GB}\n", 64 << 20,
		  64 << 20 },
		{ "ingester: {chunk_target_size: 1, chunk_block_size: 1}\n", 1024, 1024 },
		{ "ingester: {chunk_target_size: 1KB, chunk_block_size: 1MB}\n", 10240, 10240 },
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		read_good(cases[i].text, &c);
		assert_int_equal(c.flush.chunk_bytes, cases[i].chunk);
		assert_int_equal(c.flush.block_bytes, cases[i].block);
		config_release(&c);
	}
}

static void sizes_that_become_others_are_told(void **state)
{
	struct config c;

	(void)state;
	read_good("ingester: {chunk_target_size: 7MB, chunk_block_size: 1}\n", &c);
	assert_non_null(strstr(buf_str(&said), "c.yaml:1:31: 'ingester.chunk_target_size': it "
					       "becomes 64MB of lines and metadata, the most"));
	assert_non_null(strstr(buf_str(&said), "c.yaml:1:54: 'ingester.chunk_block_size': it "
					       "becomes 1KB of lines and metadata, the least"));
	config_release(&c);
	read_good("ingester: {chunk_target_size: 6MB, chunk_block_size: 64MB}\n", &c);
	assert_null(strstr(buf_str(&said), "becomes"));
	config_release(&c);
}

static void memory_is_as_much_as_the_rest_needs(void **state)
{
	static const struct {
		const char *text;
		uint64_t flush_mib, compact_mib;
	} cases[] = {
		{ "ingester: {}\n", 104, 160 },
		{ "ingester: {chunk_block_size: 1KB, chunk_encoding: none}\n", 124, 160 },
		{ "ingester: {chunk_target_size: 1KB, chunk_block_size: 1KB}\n", 104, 160 },
		{ "ingester: {chunk_target_size: 8MB, chunk_block_size: 64MB}\n", 404, 840 },
		{ "ingester: {chunk_target_size: 8MB, chunk_encoding: none}\n", 248, 396 },
		{ "ingester: {chunk_encoding: none, chunk_filter: full}\n", 140, 184 },
		{ "ingester: {chunk_block_size: 32MB, chunk_level: 9, chunk_filter: full}\n", 326,
		  467 },
		{ "compactor: {max_compaction_parallelism: 2}\n", 104, 264 },
		{ "compactor: {max_compaction_parallelism: 8, max_compaction_memory: }\n", 104,
		  760 },
		{ "compactor: {max_compaction_parallelism: 2, max_compaction_memory: 243MB}\n", 104,
		  243 },
	};
	struct config c;

	(void)state;
	config_init(&c);
	assert_int_equal(c.flush.memory_bytes, 104 << 20);
	assert_int_equal(c.compact.memory_bytes, 160 << 20);
	config_release(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		read_good(cases[i].text, &c);
		assert_int_equal(c.flush.memory_bytes >> 20, cases[i].flush_mib);
		assert_int_equal(c.compact.memory_bytes >> 20, cases[i].compact_mib);
		config_release(&c);
	}
	refused("compactor: {max_compaction_memory: 138MB}\n",
		"1:36: 'compactor.max_compaction_memory': 1 thread and this chunk size need 139 "
		"MiB");
	refused("ingester: {chunk_target_size: 6MB, chunk_encoding: none}\ncompactor: "
		"{max_compaction_memory: 301MB}\n",
		"2:36: 'compactor.max_compaction_memory': 1 thread and this chunk size need 355 "
		"MiB");
	refused("ingester: {chunk_target_size: 6MB}\ncompactor: {max_compaction_memory: 139MB}\n",
		"2:36: 'compactor.max_compaction_memory': 1 thread and this chunk size need 301 "
		"MiB");
}

static void a_level_that_does_nothing_is_told(void **state)
{
	struct config c;

	(void)state;
	read_good("ingester: {chunk_encoding: snappy, chunk_level: 3}\n", &c);
	assert_non_null(strstr(buf_str(&said), "warning "));
	assert_non_null(strstr(buf_str(&said), "c.yaml:1:49: 'ingester.chunk_level' has no effect: "
					       "ingester.chunk_encoding is snappy\n"));
	config_release(&c);
	read_good("ingester: {chunk_encoding: gzip, chunk_level: 3}\n", &c);
	assert_null(strstr(buf_str(&said), "chunk_level"));
	config_release(&c);
}

static void what_was_said_is_cut_from_its_place(void **state)
{
	static const struct {
		const char *said, *place, *rest;
	} cases[] = {
		{ "c.yaml:1:22: 'a': b", "c.yaml:1:22", "'a': b" },
		{ "a: b:3:1:7:8: c:1:1: d", "a: b:3:1:7:8", "c:1:1: d" },
		{ "c.yaml: 'a' has changed", "", "c.yaml: 'a' has changed" },
		{ "c.yaml:1: a", "", "c.yaml:1: a" },
		{ ":1:1", "", ":1:1" },
		{ "", "", "" },
	};
	struct bytes place, rest;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(report_cut_place(bytes_str(cases[i].said), &place, &rest),
				 *cases[i].place != '\0');
		assert_bytes(place, cases[i].place);
		assert_bytes(rest, cases[i].rest);
	}
}

static void tls_is_as_go_calls_it(void **state)
{
	struct config c;

	(void)state;
	read_good("server:\n"
		  "  tls_min_version: VersionTLS13\n"
		  "  tls_cipher_suites: TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA\n"
		  "  http_tls_config: {cert_file: c, key_file: k, client_ca_file: a,\n"
		  "                    client_auth_type: VerifyClientCertIfGiven}\n",
		  &c);
	assert_string_equal(c.server.tls.cert_file, "c");
	assert_int_equal(c.server.tls.client_cert, HTTP_CERT_ASKED);
	assert_string_equal(c.server.tls.min_version, "VersionTLS13");
	assert_string_equal(c.server.tls.ciphers,
			    "NONE:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509:+AES-128-GCM:+AEAD:+ECDHE-RSA:"
			    "+AES-256-CBC:+SHA1");
	config_release(&c);
	refused("server: {http_tls_config: {cert_file: c}}\n",
		"1:27: 'server.http_tls_config': cert_file and key_file go together");
	refused("server:\n  http_tls_config: {cert_file: c, key_file: k, client_auth_type: "
		"RequestClientCert}\n",
		"2:20: 'server.http_tls_config': client_auth_type needs a client_ca_file");
	refused("server:\n  http_tls_config: {cert_file: c, key_file: k, client_ca_file: a}\n",
		"2:20: 'server.http_tls_config': client_ca_file needs a client_auth_type, as "
		"RequireAndVerifyClientCert");
	refused("server: {tls_cipher_suites: RC4}\n",
		"1:29: 'server.tls_cipher_suites': 'RC4' is no cipher suite that is known");
}

static void faults_name_place_and_what_is_near(void **state)
{
	(void)state;
	refused("sever: {}\n", "1:1: 'sever' is not a key: did you mean 'server'?");
	refused("server:\n  http_listen_prt: 1\n",
		"2:3: 'server.http_listen_prt' is not a key: did you mean "
		"'server.http_listen_port'?");
	refused("log_level: info\n",
		"1:1: 'log_level' is not a key: did you mean 'server.log_level'?");
	refused("ingestion_rate_mb: 4\n", "1:1: 'ingestion_rate_mb' is not a key: did you mean "
					  "'limits_config.ingestion_rate_mb'?");
	refused("zzzzzz: 4\n", "1:1: 'zzzzzz' is not a key");
	refused("server: 1\n", "1:9: 'server': expected a map");
	refused("[1]\n", "1:1: expected a map of settings");
	refused("server: {http_listen_port: 70000}\n",
		"1:28: 'server.http_listen_port': expected a port, 0 to 65535, found '70000'");
	refused("server: {log_level: loud}\n",
		"1:21: 'server.log_level': expected debug, info, warn or error, found 'loud'");
	refused("ingester: {wal: {sync: often}}\n",
		"1:24: 'ingester.wal.sync': expected always, interval=DURATION or none, found "
		"'often'");
	refused("querier: {jobs: 0}\n", "1:17: 'querier.jobs': expected 1 to 256, found '0'");
	refused("querier: {jobs: 257}\n", "1:17: 'querier.jobs': expected 1 to 256, found '257'");
	refused("compactor: {max_compaction_parallelism: 1000}\n",
		"1:41: 'compactor.max_compaction_parallelism': expected 1 to 256, found '1000'");
	refused("ingester: {chunk_level: 20}\n",
		"1:25: 'ingester.chunk_level': expected 1 to 19, found '20'");
	refused("compactor: {chunk_filter: some}\n",
		"1:27: 'compactor.chunk_filter': expected none, small or full, found 'some'");
	refused("ingester: {chunk_filter: 1}\n",
		"1:26: 'ingester.chunk_filter': expected none, small or full, found '1'");
	refused("ingester: {chunk_lines: full}\n",
		"1:25: 'ingester.chunk_lines': expected apart or whole, found 'full'");
	refused("compactor: {chunk_lines: none}\n",
		"1:26: 'compactor.chunk_lines': expected apart or whole, found 'none'");
	refused("compactor: {chunk_level: 0}\n",
		"1:26: 'compactor.chunk_level': expected 1 to 19, found '0'");
	refused("ingester: {wal: {disk_full_threshold: 90}}\n",
		"1:39: 'ingester.wal.disk_full_threshold': expected 0 to 1, a part of the disk");
	refused("server: {http_listen_port: ${LOKID_TEST_UNSET\n", "1:28: '${' has no '}'");
	refused("a: ${1x}\n", "1:4: expected ${NAME} or ${NAME:DEFAULT}, found '${1x}'");
}

static void all_faults_are_told(void **state)
{
	struct config c;
	struct err e;

	(void)state;
	assert_int_equal(-1,
			 read_file(put("c.yaml", "zzzzzz: 1\nserver: {log_level: x}\n"), &c, &e));
	assert_non_null(strstr(buf_str(&said), "error "));
	assert_non_null(strstr(buf_str(&said), "'zzzzzz' is not a key\n"));
	assert_non_null(strstr(e.msg, "'server.log_level'"));
	config_release(&c);
}

static void variables_are_expanded(void **state)
{
	struct report r = { .say = say };
	struct buf out = { 0 };
	struct err e;

	(void)state;
	setenv("LOKID_TEST_A", "alpha", 1);
	setenv("LOKID_TEST_EMPTY", "", 1);
	unsetenv("LOKID_TEST_UNSET");
	buf_reset(&said);
	assert_int_equal(0, config_expand(bytes_str("${LOKID_TEST_A} ${LOKID_TEST_UNSET:x:y} "
						    "${LOKID_TEST_UNSET:-z} ${LOKID_TEST_EMPTY:e}"
						    "${LOKID_TEST_EMPTY} $${B} $C $\n"
						    "${LOKID_TEST_UNSET}."),
					  "f", &out, &r, &e));
	assert_string_equal(buf_str(&out), "alpha x:y z e ${B} $C $\n.");
	assert_string_equal(buf_str(&said),
			    "warning f:2:1: the variable 'LOKID_TEST_UNSET' is not set\n");
	buf_release(&out);
}

static const char auth_text[] =
	"auth:\n"
	"  roles:\n"
	"    all: {read: '*', write: [ops, 'dev-*'], admin: ops}\n"
	"    team-a: {read: [shared], matchers: '{team=\"a\"}'}\n"
	"  users:\n"
	"    alice: {password: $y$j9T$abc, roles: [team-a, all], tenant: ops}\n"
	"  tokens:\n"
	"    agent: {token: env:LOKID_TEST_TOKEN, roles: all}\n"
	"  certificates:\n"
	"    'node-*': {roles: [all]}\n";

static const char token[] =
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void users_and_roles_are_read(void **state)
{
	const struct config_user *u;
	struct config c;

	(void)state;
	setenv("LOKID_TEST_TOKEN", token, 1);
	read_good(auth_text, &c);
	assert_int_equal(c.auth->n_users, 3);
	u = &c.auth->user[0];
	assert_int_equal(u->kind, USER_PASSWORD);
	assert_string_equal(u->name, "alice");
	assert_string_equal(u->secret, "$y$j9T$abc");
	assert_string_equal(u->tenant, "ops");
	assert_int_equal(u->n_roles, 2);
	assert_string_equal(u->role[0]->name, "team-a");
	assert_bytes(u->role[0]->matchers, "{team=\"a\"}");
	assert_int_equal(u->role[0]->tenants[MAY_WRITE].n, 0);
	assert_string_equal(u->role[1]->tenants[MAY_WRITE].name[1], "dev-*");
	assert_string_equal(u->role[1]->tenants[MAY_ADMIN].name[0], "ops");
	assert_string_equal(c.auth->user[1].secret, token);
	assert_int_equal(c.auth->user[2].kind, USER_CERTIFICATE);
	assert_string_equal(c.auth->user[2].name, "node-*");
	config_release(&c);
}

static void secrets_lie_in_files_and_are_not_printed(void **state)
{
	struct buf text = { 0 }, out = { 0 };
	struct config c;

	(void)state;
	buf_addf(&text,
		 "auth: {roles: {r: {read: '*'}}, users: {bob: {roles: r, password: 'file:%s'}}}",
		 put("secret", "$6$salt$hash\n"));
	read_good(buf_str(&text), &c);
	assert_string_equal(c.auth->user[0].secret, "$6$salt$hash");
	config_write(&c, c.limits, &out);
	assert_null(strstr(buf_str(&out), "hash"));
	assert_non_null(strstr(buf_str(&out), "    bob:\n      password: <secret>\n"
					      "      roles: [r]\n"));
	config_release(&c);
	buf_release(&text);
	buf_release(&out);
}

static void faults_of_auth_are_named_and_show_no_secret(void **state)
{
	(void)state;
	refused("auth: {}\n", "1:7: 'auth' names nobody: without it everybody may do everything");
	refused("auth: {user: {}, users: {}}\n",
		"1:7: 'auth' names nobody: without it everybody may do everything");
	refused("auth: {roles: {r: {}}, users: {a: {roles: [r, s], password: $1$}}}\n",
		"1:43: 's' is not among 'auth.roles'");
	refused("auth: {roles: {r: {}}, users: {a: {roles: r, password: hunter2}}}\n",
		"1:56: 'password' of 'a': expected a hash as crypt(3) makes it ($y$...)");
	refused("auth: {roles: {r: {}}, users: {a: {roles: r, password: $zz$abc}}}\n",
		"1:56: 'password' of 'a': crypt(3) has no such method of a hash here");
	refused("auth: {roles: {r: {}}, tokens: {a: {roles: r, token: hunter2}}}\n",
		"1:54: 'token' of 'a': expected sha256: and 64 hexadecimal digits");
	refused("auth: {roles: {r: {}}, tokens: {a: {roles: r, token: 'env:LOKID_TEST_UNSET'}}}\n",
		"1:54: the variable 'LOKID_TEST_UNSET' is not set");
	refused("auth: {roles: {r: {}}, tokens: {a: {roles: r}}}\n",
		"1:33: 'token' of 'a': expected a hash, file:PATH or env:NAME");
	refused("auth: {users: {a: {password: $1$}}}\n",
		"1:16: 'a' has no roles: it could do nothing");
	refused("auth: {roles: {r: {reed: x}}, users: {a: {password: $1$, roles: r}}}\n",
		"1:20: 'reed' is not a key of 'auth': expected read, write, delete, admin or "
		"matchers");
	refused("auth: {roles: {r: {}}, users: {a: {password: $1$, roles: r, tenant: a/b}}}\n",
		"1:69: tenant 'a/b': expected letters, digits and !-_.*'()");
	refused("auth: {roles: {r: {}}, users: {'a:b': {password: $1$, roles: r}}}\n",
		"1:32: 'a:b': a name with ':' cannot be sent");
}

static void matchers_that_cannot_be_are_refused(void **state)
{
	struct config c;
	struct err e;

	(void)state;
	assert_int_equal(-1, read_file(put("c.yaml", "auth: {roles: {r: {matchers: '{a='}}, users: "
						     "{u: {password: $1$, roles: r}}}\n"),
				       &c, &e));
	assert_non_null(strstr(e.msg, ":1:30: 'matchers': "));
	config_release(&c);
}

static void what_is_printed_is_read_as_the_same(void **state)
{
	struct buf first = { 0 }, second = { 0 };
	struct config c;

	(void)state;
	read_good("server: {http_tls_config: {cert_file: c, key_file: k}, log_level: error}\n"
		  "common: {path_prefix: /x}\n"
		  "ingester: {chunk_encoding: lz4, chunk_idle_period: 5m}\n"
		  "limits_config: {query_timeout: 5m}\n"
		  "overrides: {a: {max_query_series: 8}}\n"
		  "syslog: {listen: 'udp://127.0.0.1:1514', labels: job=syslog}\n",
		  &c);
	config_write(&c, c.limits, &first);
	config_release(&c);
	read_good(buf_str(&first), &c);
	config_write(&c, c.limits, &second);
	assert_string_equal(buf_str(&first), buf_str(&second));
	assert_non_null(strstr(buf_str(&first), "\nserver:\n  http_listen_address: \"\"\n"));
	assert_non_null(strstr(buf_str(&first), "\n  http_tls_config:\n    cert_file: c\n"));
	assert_non_null(strstr(buf_str(&first), "\n  query_timeout: 5m\n"));
	assert_non_null(strstr(buf_str(&first), "\noverrides:\n  a:\n    max_query_series: 8\n"));
	config_release(&c);
	buf_release(&first);
	buf_release(&second);
}

static void overrides_are_read_again(void **state)
{
	struct report r = { .say = say };
	struct limits_set *set;
	struct buf text = { 0 };
	struct config c;
	struct err e;

	(void)state;
	buf_addf(&text, "runtime_config: {file: %s}\nlimits_config: {max_query_series: 6}\n",
		 in_folder("o.yaml"));
	read_good(buf_str(&text), &c);
	put("o.yaml", "overrides: {a: {max_query_series: 8}}\n");
	assert_int_equal(0, config_limits(&c, CONFIG_ABSENT_FAILS, &set, &r, &e));
	assert_int_equal(limits_of(set, bytes_str("a"))->max_query_series, 8);
	assert_int_equal(limits_of(set, bytes_str("b"))->max_query_series, 6);
	limits_set_drop(set);
	put("o.yaml", "overrides: {a: {max_query_serie: 8}}\n");
	assert_int_equal(-1, config_limits(&c, CONFIG_ABSENT_FAILS, &set, &r, &e));
	config_release(&c);
	buf_release(&text);
}

static void a_chart_and_a_second_document_are_told(void **state)
{
	struct config c;

	(void)state;
	read_good("loki:\n  server: {http_listen_port: 1, replicas: 2}\n"
		  "ingester: {replicas: 3}\n---\nmore: 1\n",
		  &c);
	assert_int_equal(c.server.port, 1);
	assert_non_null(strstr(buf_str(&said), "c.yaml:4:1: a second document begins here"));
	assert_non_null(strstr(buf_str(&said),
			       "c.yaml:3:1: 'ingester' (replicas) has no effect: it "
			       "is the Helm chart's"));
	assert_non_null(strstr(buf_str(&said), "c.yaml:2:33: 'server.replicas' has no effect"));
	config_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_all_is_there),
		cmocka_unit_test(keys_go_to_their_places),
		cmocka_unit_test(our_key_decides_over_the_one_that_is_mapped),
		cmocka_unit_test(sizes_of_chunks_are_what_chunkpack_takes),
		cmocka_unit_test(sizes_that_become_others_are_told),
		cmocka_unit_test(memory_is_as_much_as_the_rest_needs),
		cmocka_unit_test(a_level_that_does_nothing_is_told),
		cmocka_unit_test(what_was_said_is_cut_from_its_place),
		cmocka_unit_test(tls_is_as_go_calls_it),
		cmocka_unit_test(faults_name_place_and_what_is_near),
		cmocka_unit_test(all_faults_are_told),
		cmocka_unit_test(variables_are_expanded),
		cmocka_unit_test(users_and_roles_are_read),
		cmocka_unit_test(secrets_lie_in_files_and_are_not_printed),
		cmocka_unit_test(faults_of_auth_are_named_and_show_no_secret),
		cmocka_unit_test(matchers_that_cannot_be_are_refused),
		cmocka_unit_test(what_is_printed_is_read_as_the_same),
		cmocka_unit_test(overrides_are_read_again),
		cmocka_unit_test(a_chart_and_a_second_document_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, remove_all);
}
