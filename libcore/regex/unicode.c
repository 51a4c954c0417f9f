/*
 * \p{...}: which characters are meant is asked from PCRE2, which has Unicode's tables. One text
 * with every assigned character, or with those that somebody asks about, is searched for the runs
 * of those that have the property.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"
#include "regex/runes.h"

/* Go's names of general categories; C, Co and Cs are made without asking. */
static const char categories[] =
	" Cc Cf L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po "
	"Ps S Sc Sk Sm So Z Zl Zp Zs ";

static const char scripts[] =
	" Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah"
	" Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal"
	" Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform"
	" Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan"
	" Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek"
	" Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew"
	" Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian"
	" Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer"
	" Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani"
	" Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek"
	" Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani"
	" Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu"
	" Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian"
	" Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage"
	" Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang"
	" Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian"
	" Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham"
	" Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto"
	" Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square ";

static bool listed(const char *list, struct bytes name)
{
	char word[40];

	if (name.n + 3 > sizeof(word) || memchr(name.p, ' ', name.n) || memchr(name.p, 0, name.n))
		return false;
	word[0] = ' ';
	memcpy(word + 1, name.p, name.n);
	memcpy(word + 1 + name.n, " ", 2);
	return strstr(list, word) != NULL;
}

/* Every character of the planes where some are assigned, but for those of private use. */
static void add_all(struct buf *text)
{
	static const struct rune_range assigned[] = { { 0, 0xd7ff },
						      { 0xf900, 0x33fff },
						      { 0xe0000, 0xe0fff } };

	for (size_t i = 0; i < sizeof(assigned) / sizeof(assigned[0]); i++)
		for (uint32_t c = assigned[i].lo; c <= assigned[i].hi; c++)
			utf8_add(text, c);
}

static uint32_t rune_at(const unsigned char *p)
{
	if (p[0] < 0x80)
		return p[0];
	if (p[0] < 0xe0)
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	if (p[0] < 0xf0)
		return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
	       (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

/* One character, and the same: a run of characters in the text is not always one in Unicode. */
static void add_run(struct runes *r, const char *p, const char *end)
{
	while (p < end) {
		uint32_t c = rune_at((const unsigned char *)p);

		runes_add(r, c, c);
		p += utf8_len(bytes_of(p, (size_t)(end - p)));
	}
}

enum { JIT_LEAST = 4096 }; /* bytes of text that are worth it */

/* Adds those characters of text that match a pattern for a run of them. False: PCRE2 does not know
 * it. */
static bool add_matching(struct runes *r, const char *pattern, struct bytes text)
{
	pcre2_match_data *data;
	pcre2_code *code;
	size_t at = 0, *v;
	int error;

	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &at,
			     NULL);
	if (!code)
		return false;
	if (text.n >= JIT_LEAST)
		pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	data = pcre2_match_data_create(1, NULL);
	for (at = 0; data && at < text.n; at = v[1]) {
		v = pcre2_get_ovector_pointer(data);
		if (pcre2_match(code, (PCRE2_SPTR)text.p, text.n, at, PCRE2_NO_UTF_CHECK, data,
				NULL) < 0)
			break;
		add_run(r, text.p + v[0], text.p + v[1]);
	}
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return true;
}

/* The same of every character that there is. */
static bool add_all_matching(struct runes *r, const char *pattern)
{
	struct buf text = { 0 };
	bool ret;

	add_all(&text);
	ret = add_matching(r, pattern, buf_bytes(&text));
	buf_release(&text);
	return ret;
}

void runes_add_lower(struct runes *r, struct bytes text)
{
	add_matching(r, "\\p{Ll}++", text);
}

int runes_add_named(struct runes *r, struct bytes name, struct err *e)
{
	struct buf pattern = { 0 };
	bool known = true, c = bytes_is(name, "C");

	if (bytes_is(name, "Any")) {
		runes_add(r, 0, RUNE_MAX);
	} else if (bytes_is(name, "Cs")) {
		runes_add(r, 0xd800, 0xdfff);
	} else if (bytes_is(name, "Co") || c) {
		if (c)
			add_all_matching(r, "[\\p{Cc}\\p{Cf}]++");
		runes_add(r, c ? 0xd800 : 0xe000, 0xf8ff);
		runes_add(r, 0xf0000, 0xffffd);
		runes_add(r, 0x100000, 0x10fffd);
	} else if (listed(categories, name)) {
		buf_addf(&pattern, "\\p{%.*s}++", BYTES_ARG(name));
		known = add_all_matching(r, buf_str(&pattern));
	} else {
		buf_addf(&pattern, "\\p{sc:%.*s}++", BYTES_ARG(name));
		known = listed(scripts, name) && add_all_matching(r, buf_str(&pattern));
	}
	buf_release(&pattern);
	return known ? 0 : err_set(e, ERR_QUERY, "no property '%.*s'", BYTES_ARG(name));
}
