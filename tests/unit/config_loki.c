/*
 * Files of Loki's that people have, tests/config: each is taken as it is, each of its keys is
 * either used, and then printed with its value, or named with what is in its place.
 */
#include "unit.h"

#include <dirent.h>

#include "base/io.h"
#include "server/config_keys.h"
#include "server/config_read.h"

static struct buf said;

static void say(void *data, enum report_kind kind, const char *text)
{
	(void)data;
	assert_int_not_equal(kind, REPORT_ERROR);
	buf_addf(&said, "%s\n", text);
}

/* The line of said about the key at this place. */
static bool is_named(const struct yaml_node *key)
{
	struct buf place = { 0 };
	bool ret;

	buf_addf(&place, "%s:%u:%u: '", key->file, key->line, key->col);
	ret = strstr(buf_str(&said), buf_str(&place)) != NULL;
	buf_release(&place);
	return ret;
}

/* Behind the section's name in parentheses: "'memberlist' (join_members, ...". */
static bool is_named_within(const struct yaml_node *section, const struct yaml_node *key)
{
	struct buf place = { 0 };
	const char *line, *end, *at;

	buf_addf(&place, "%s:%u:%u: '", section->file, section->line, section->col);
	line = strstr(buf_str(&said), buf_str(&place));
	assert_non_null(line);
	end = strstr(line, ") has no effect: ");
	if (!end)
		end = strstr(line, ") is no key of Loki 3: ");
	buf_reset(&place);
	buf_add_bytes(&place, key->text);
	at = strstr(line, buf_str(&place));
	buf_release(&place);
	return end && at && at < end;
}

static void check_leaves_named(const struct yaml_node *section, const struct yaml_node *n)
{
	for (uint32_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
		check_leaves_named(section, n->item[i]);
	for (uint32_t i = 0; n->kind == YAML_MAP && i < n->n; i++) {
		if (!is_named_within(section, n->pair[i].key))
			fail_msg("%.*s in line %u is not named", BYTES_ARG(n->pair[i].key->text),
				 n->pair[i].key->line);
		check_leaves_named(section, n->pair[i].value);
	}
}

/* As it is printed: 168h is 1w. */
static void check_printed(const struct key *k, const struct yaml_pair *p, const char *printed)
{
	struct {
		uint64_t space[4];
	} place = { 0 };
	struct buf line = { 0 };
	struct arena a = { 0 };
	struct key here = *k;
	const char *word = strrchr(k->name, '.');
	struct err e;

	here.at = 0;
	assert_int_equal(0, key_read(&here, k->name, p->value, &place, &a, &e));
	buf_addf(&line, " %s: ", word ? word + 1 : k->name);
	key_add_value(&here, &place, KEY_YAML, &line);
	buf_add_char(&line, '\n');
	if (!strstr(printed, buf_str(&line) + (word ? 0 : 1)))
		fail_msg("not printed:%s", buf_str(&line));
	buf_release(&line);
	arena_release(&a);
}

/* What is set to what holds anyway needs no word. */
static bool is_silent(const struct key *k, const struct yaml_node *value)
{
	struct buf before = { 0 }, after = { 0 };
	struct config c;
	struct err e;
	bool ret;

	if (!k || k->use != KEY_MAPPED)
		return k && k->use == KEY_USED;
	config_init(&c);
	key_add_value(k, &c, KEY_YAML, &before);
	assert_int_equal(0, key_read(k, k->name, value, &c, &c.arena, &e));
	key_add_value(k, &c, KEY_YAML, &after);
	ret = bytes_eq(buf_bytes(&before), buf_bytes(&after));
	buf_release(&before);
	buf_release(&after);
	config_release(&c);
	return ret;
}

static size_t check_keys(const struct yaml_node *map, struct bytes prefix, const struct key *table,
			 const char *printed)
{
	size_t n_used = 0;

	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pair[i];
		struct buf name = { 0 };
		const struct key *k;

		buf_add_bytes(&name, prefix);
		buf_add_bytes(&name, p->key->text);
		k = key_find(table, buf_bytes(&name));
		if (k && k->type != KEY_OTHER && k->use != KEY_RETIRED) {
			check_printed(k, p, printed);
			n_used++;
		}
		if (is_named(p->key)) {
			check_leaves_named(p->key, p->value);
		} else if (bytes_is(p->key->text, "limits_config")) {
			n_used += check_keys(p->value, (struct bytes){ 0 }, limits_keys, printed);
		} else if (bytes_is(p->key->text, "overrides")) {
			for (uint32_t t = 0; t < p->value->n; t++)
				n_used += check_keys(p->value->pair[t].value, (struct bytes){ 0 },
						     limits_keys, printed);
		} else if (p->value->kind == YAML_MAP) {
			buf_add_char(&name, '.');
			n_used += check_keys(p->value, buf_bytes(&name), table, printed);
		} else if (!is_silent(k, p->value)) {
			fail_msg("%s:%u: '%s' is neither used nor named", p->key->file,
				 p->key->line, buf_str(&name));
		}
		buf_release(&name);
	}
	return n_used;
}

/* How many of its keys are used. */
static size_t check_file(const char *path)
{
	struct report r = { .say = say };
	struct buf text = { 0 }, printed = { 0 };
	const struct yaml_node *root;
	struct arena tree = { 0 };
	struct yaml_doc doc;
	struct config c;
	size_t n_used;
	struct err e;

	buf_reset(&said);
	config_init(&c);
	if (config_read(path, CONFIG_AS_IT_IS, &c, &r, &e) < 0)
		fail_msg("%s", e.msg);
	config_write(&c, c.limits, &printed);
	assert_int_equal(0, io_read_file(path, YAML_SIZE_MAX, &text, &e));
	assert_int_equal(0, yaml_parse(buf_bytes(&text), path, &tree, &doc, &e));
	root = yaml_get(doc.root, "loki");
	n_used = check_keys(root ? root : doc.root, (struct bytes){ 0 }, config_keys,
			    buf_str(&printed));
	config_release(&c);
	arena_release(&tree);
	buf_release(&text);
	buf_release(&printed);
	return n_used;
}

static void files_of_loki_are_taken_and_each_key_is_used_or_named(void **state)
{
	static const char dir[] = "tests/config";
	DIR *d = opendir(dir);
	struct buf path = { 0 };
	size_t n = 0, n_used = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *de; (de = readdir(d)) != NULL;) {
		if (de->d_name[0] == '.')
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, de->d_name);
		n_used += check_file(buf_str(&path));
		n++;
	}
	assert_true(n >= 12 && n_used >= 50);
	closedir(d);
	buf_release(&path);
	buf_release(&said);
}

static bool is_written(const struct key *k)
{
	return k->use == KEY_USED || (k->note && *k->note);
}

/* A row that stands twice, or says nothing, is a slip of the table. */
static void tables_hold_each_key_once_with_its_reason(void **state)
{
	static const struct key *const tables[] = { config_keys, limits_keys };

	(void)state;
	for (size_t t = 0; t < 2; t++) {
		for (const struct key *k = tables[t]; k->name; k++) {
			if (key_find(tables[t], bytes_str(k->name)) != k || !is_written(k))
				fail_msg("%s", k->name);
			if (k->type == KEY_WORD && !k->words)
				fail_msg("%s has no words", k->name);
		}
	}
}

/* --- lokid.yaml(5) --- */

static bool has(const struct buf *page, struct buf *text)
{
	bool ret = strstr(page->p, buf_str(text)) != NULL;

	buf_reset(text);
	return ret;
}

/* Its type and its default. */
static void check_used(const struct buf *page, const struct key *k, const void *base)
{
	static const char *const types[] = {
		[KEY_BOOL] = "boolean", [KEY_COUNT] = "number",	       [KEY_SMALL] = "number",
		[KEY_PORT] = "port",	[KEY_FLOAT] = "number",	       [KEY_SIZE] = "size",
		[KEY_RATE] = "size",	[KEY_MEGABYTES] = "megabytes", [KEY_DURATION] = "duration",
		[KEY_TIME] = "time",	[KEY_TEXT] = "text",	       [KEY_WORD] = "word",
		[KEY_NAMES] = "list",
	};
	struct buf text = { 0 }, value = { 0 };

	key_add_value(k, base, KEY_YAML, &value);
	if (bytes_is(buf_bytes(&value), "\"\"") || bytes_is(buf_bytes(&value), "[]")) {
		buf_reset(&value);
		buf_add_str(&value, "empty");
	}
	buf_addf(&text, " .It Cm %s (%s, %s) ", k->name, types[k->type], buf_str(&value));
	if (!has(page, &text))
		fail_msg("lokid.yaml(5) has not: %s (%s, %s)", k->name, types[k->type],
			 buf_str(&value));
	buf_release(&text);
	buf_release(&value);
}

static void check_table(const struct buf *page, const struct key *table, const void *base)
{
	struct buf text = { 0 };

	for (const struct key *k = table; k->name; k++) {
		bool is_used = k->use == KEY_USED || k->use == KEY_MAPPED;

		if (is_used && k->type != KEY_OTHER)
			check_used(page, k, base);
		buf_addf(&text, " .It Cm %s ", k->name);
		if (!has(page, &text))
			fail_msg("lokid.yaml(5) has not: %s", k->name);
		buf_addf(&text, "%s.", is_used ? "" : k->note + 1); /* may begin with a capital */
		if (!has(page, &text))
			fail_msg("lokid.yaml(5) has not: %s", k->note);
	}
	buf_release(&text);
}

static void check_no_others(struct bytes page)
{
	static const char item[] = ".It Cm ";
	struct bytes line;

	while (bytes_split(&page, '\n', &line)) {
		struct bytes name = bytes_sub(line, sizeof(item) - 1, line.n);

		if (!bytes_starts(line, BYTES_LIT(".It Cm ")) ||
		    bytes_starts(name, BYTES_LIT("auth.")))
			continue;
		if (!key_find(config_keys, name) && !key_find(limits_keys, name))
			fail_msg("lokid.yaml(5) has what is no key: %.*s", BYTES_ARG(name));
	}
}

static void the_page_has_each_key_its_default_and_its_reason(void **state)
{
	struct buf page = { 0 };
	struct config c;
	struct err e;

	(void)state;
	if (io_read_file("man/lokid.yaml.5", YAML_SIZE_MAX, &page, &e) < 0)
		fail_msg("%s", e.msg);
	check_no_others(buf_bytes(&page));
	for (size_t i = 0; i < page.n; i++)
		if (page.p[i] == '\n')
			page.p[i] = ' ';
	buf_str(&page);
	config_init(&c);
	c.auth_enabled = true; /* with a file */
	check_table(&page, config_keys, &c);
	check_table(&page, limits_keys, limits_of(c.limits, (struct bytes){ 0 }));
	config_release(&c);
	buf_release(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_loki_are_taken_and_each_key_is_used_or_named),
		cmocka_unit_test(tables_hold_each_key_once_with_its_reason),
		cmocka_unit_test(the_page_has_each_key_its_default_and_its_reason),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
