"""JSON texts by subject: what RFC 8259 allows, what it forbids, and what it allows but cannot be kept.

Each is a value as bytes, to be sent bare and as a member of an event. No text may close the event that it is put into and
open something well-formed behind (such as `1,"a":2`).
"""

# --- allowed by RFC 8259, and representable: read back equal ---

VALID = {
    "literals": [b"null", b"true", b"false", b"[null, true, false]"],

    "white space": [
        b" 1", b"1 ", b"\t\r\n 1\n\r\t ", b"[ ]", b"{ }", b"[\n1\r,\t2 ]", b'{ "a"\n:\t1 \r, "b" : [ ] }', b" [ { } , [ ] ] ",
        b'{"a":1}\n', b"\r\n\r\n[]\r\n", b'[ "a" , "b"]'],

    "arrays": [
        b"[]", b"[[]]", b"[[],[[]],[[],[]]]", b"[1]", b"[1,2,3]", b'[null,1,"1",{},[],1.5,true]', b'[""]', b"[[[[[[[[[[1]]]]]]]]]]",
        b"[" + b",".join([b"0"] * 1000) + b"]", b"[[1,2],[3,4],[]]", b'["a",\n"b"\n]'],

    "objects": [
        b"{}", b'{"a":1}', b'{"":0}', b'{"":""}', b'{"a":{"a":{"a":{}}}}', b'{"a":[],"b":{},"c":null}', b'{"A":1,"a":2}',
        b'{" ":1,"  ":2}', b'{"a.b":1,"a/b":2,"a~b":3,"$":4,"-":5}', '{"\u00e9":1,"e\u0301":2}'.encode(),
        br'{"\"":1,"\\":2,"\/x":3,"\n":4,"\u00e4":5}', b'{"__proto__":1,"constructor":2,"toString":3}',
        b'{"min":-1.0e+28,"max":1.0e+28}', b'{"null":null,"true":true,"1":1}',
        b"{" + b",".join(b'"m%d":%d' % (n, n) for n in range(256)) + b"}", b'{"' + b"k" * 1000 + b'":1}'],

    "integers": [
        b"0", b"-0", b"1", b"-1", b"9", b"10", b"123456789", b"-123456789", b"2147483648", b"4294967296", b"9007199254740993",
        b"-9007199254740993", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808",
        b"18446744073709551615", b"18446744073709551614", b"[0,-0,1]"],

    "fractions": [
        b"0.0", b"-0.0", b"0.1", b"1.10", b"1.0", b"-0.1", b"123.456789", b"0.30000000000000004", b"3.141592653589793238462643383279",
        b"12345678901234567890.123", b"-12345678901234567890.123", b"0.1234567890123456789012345678901234567890",
        b"-0." + b"0" * 76 + b"1", b"0." + b"0" * 300 + b"1", b"100.00", b"18446744073709551615.5",
        b"1234567890123456789012345678901234567.890"],

    "exponents": [
        b"1e0", b"0e0", b"0e1", b"0e+1", b"0e-1", b"0E1", b"-0e1", b"1e1", b"1E1", b"1e+1", b"1E+1", b"1e-1", b"1E-1", b"20e1", b"1e00",
        b"1e001", b"1e-00", b"1.5e3", b"1.5E-3", b"-1.5e+3", b"123e45", b"123e65", b"123.456e78", b"1E22", b"1e-2", b"1e+2", b"1e300",
        b"1e308", b"-1e308", b"1e-308", b"-1e-308", b"1e20", b"1.000e2", b"0.5e0", b"1.7976931348623157e308"],

    "strings": [
        b'""', b'" "', b'"a"', b'"/"', b'"a/*b*/c/*d//e"', b'"# // comment"', b'"NaN"', b"\"'\"", b'"null"', b'"{}"', b'"[1,2"', b'"\x7f"',
        b'"a\x7fa"', b'"' + b"x" * 5000 + b'"', b'"%00 %s %n %d"', b'"$1 ${x} `y`"', b'"<b>&amp;</b>"', b'"\'; DROP TABLE events; --"',
        b'"  leading and trailing  "'],

    "escapes": [
        br'"\""', br'"\\"', br'"\/"', br'"\b"', br'"\f"', br'"\n"', br'"\r"', br'"\t"', br'"\"\\\/\b\f\n\r\t"', br'"\\a"', br'"\\n"',
        br'"\\\\"', br'"\\\""', br'"\\u0000"', br'"\\\\u0000"', br'"\\\n"', br'"\u0001"', br'"\u001f"', br'"\u0012"', br'"\u0020"',
        br'"\u0022"', br'"\u005C"', br'"\u005c"', br'"\u002c"', br'"\u0060\u012a\u12AB"', br'"\u007f"', br'"\u0080"', br'"\u00A0"', br'"\u00ff"',
        br'"\u0123"', br'"\u0821"', br'"\u200B"', br'"\u2028\u2029"', br'"\u2064"', br'"\uA66D"', br'"\uD7FF"', br'"\uE000"', br'"\uFDD0"',
        br'"\uFEFF"', br'"\uFFFE"', br'"\uFFFF"', br'"\uAbCd\uaBcD"', br'"\u0061\u30af\u30EA\u30b9"', br'"a\u0062c"', br'"\u00e4\u00E4"',
        br'"new\u000Aline"'],

    "surrogate pairs": [
        br'"\uD800\uDC00"', br'"\uD834\uDD1E"', br'"\uD834\uDd1e"', br'"\ud83d\ude39\ud83d\udc8d"', br'"\uD801\udc37"', br'"\uDBFF\uDFFF"',
        br'"\uDBFF\uDFFE"', br'"\uD83F\uDFFE"', br'"a\uD83D\uDE00b"', br'{"\uD83D\uDE00":"\uD83D\uDE00"}'],

    "utf-8": [
        '"\u0080"'.encode(), '"\u00e4"'.encode(), '"\u07ff"'.encode(), '"\u0800"'.encode(), '"\u20ac"'.encode(), '"\ud7ff"'.encode(),
        '"\ue000"'.encode(), '"\ufdd0"'.encode(), '"\ufeff"'.encode(), '"\ufffd"'.encode(), '"\ufffe"'.encode(), '"\uffff"'.encode(),
        '"\U00010000"'.encode(), '"\U0001bfff"'.encode(), '"\U0001d11e\u20ac"'.encode(), '"\U0001f600"'.encode(), '"\U000fffff"'.encode(),
        '"\U0010ffff"'.encode(), '"\u2028\u2029"'.encode(), '"\u2342\u3234\u2342"'.encode(), '"\u03c0"'.encode(),
        '"\u202eevil"'.encode(), '"a\u0300\u0301"'.encode(), '{"\u20ac":"\U0001f600"}'.encode(), '"\u0085\u00a0"'.encode()],
}

# --- forbidden by RFC 8259: 400, code "invalid_json" ---

INVALID = {
    "literals": [
        b"nul", b"nulll", b"tru", b"truth", b"True", b"TRUE", b"fals", b"False", b"NULL", b"None", b"nil", b"undefined", b"yes", b"n", b"t", b"f",
        b"[nul]", b"[tru]", b"[fals]", b"nan", b"NaN", b"-NaN", b"+NaN", b"Infinity", b"-Infinity", b"+Infinity", b"Inf", b"inf", b"-inf",
        b"[NaN]", b"[Infinity]", b"[-Infinity]", b"abc", b"a b", b"nullnull", b"null null", b"truefalse", b"[nul", b"[ true, fals", b"[ false, tru",
        "\u00e9".encode(), "[\u00e9]".encode(), "a\u00e5".encode()],

    "numbers": [
        b"-", b"+", b"+1", b"++1", b"--1", b"- 1", b"-a", b"-foo", b"01", b"-01", b"00", b"-00", b"012", b"-012", b"00.1", b"0123e4", b".", b".1", b"-.1",
        b".123", b"-.123", b".2e-3", b"1.", b"-1.", b"2.", b"-2.", b"0.", b"-1.0.", b"1..2", b"0.1.2", b"1.e1", b"0.e1", b"2.e3", b"2.e+3", b"2.e-3", b"1e", b"1E",
        b"1e+", b"1E+", b"1e-", b"0e", b"0E", b"0e+", b"0E+", b"0.3e", b"0.3e+", b"1.0e", b"1.0e+", b"1.0e-", b"9.e+", b"1ee2", b"1eE2", b"1e1e1", b"1e1.5", b"1e.5",
        b"0e+-1", b"1e+-1", b"1e--1", b"1e 1", b"1 e1", b"1 .5", b"1. 5", b"1ea", b"1e1a", b"-1x", b"1x", b"1.2a-3", b"1.5f", b"1d", b"1L", b"1n", b"0x1", b"0x42",
        b"0X1F", b"-0x1", b"0b1", b"0o7", b"1_000", b"1 000", b"1 000.0", b"1,000.0.0", b"1+2", b"1-2", b"1*2", b"1/2", b"-123.123foo", b"1.5H-308", b".-1", b"1e\xe5",
        b"0\xe5", b"1\xe5", b"1e1\xe5", "\uff11".encode(), "\u0661".encode(), "1\u00a0".encode(), b"1\x00", b"123\x00", b"-\x00", b"1.5\x00",
        b"[-]", b"[- 1]", b"[+1]", b"[01]", b"[1.]", b"[.1]", b"[1 2]", b"[1e]", b"[1.5.5]"],

    "strings": [
        b'"', b'"a', b"''", b"'a'", b"['a']", b"[']", b"`a`", b'"a"b"', b'""x', b'"a" "b"', b'"a""b"', b'"a\nb"', b'"a\tb"', b'"a\rb"', b'"\x00"', b'"a\x00a"',
        b'"\x01"', b'"\x08"', b'"\x0b"', b'"\x0c"', b'"\x1b"', b'"\x1f"', b'"\n"', b'"\t"', b"[a]", b'["a]', b'["a', b'[a"]', b'[a",4]', b'["a""b"]', b'["a" "b"]',
        b'{"a":"a', b'{"a\nb":1}', b'{"a\x00b":1}', b'"\xe2\x80\x9ca\xe2\x80\x9d', b"\xe2\x80\x9ca\xe2\x80\x9d"],

    "escapes": [
        b'"\\"', b'"\\', b'["\\"]', br'"\a"', br'"\v"', br'"\e"', br'"\0"', br'"\1"', br'"\x00"', br'"\x41"', br'"\U0041"', br'"\UA66D"', br'"\N"', br'"\ "', b'"\\\'"',
        b'"\\\n"', b'"\\\t"', b'"\\\x00"', b'"\\\xe5"', '"\\\u00e4"'.encode(), '"\\\U0001f300"'.encode(), br'"\u"', br'"\u0"', br'"\u00"', br'"\u00A"', br'"\u00G0"', br'"\u 041"',
        br'"\u004 "', br'"\u-041"', br'"\u+041"', br'"\u0x41"', br'"\uqqqq"', br'"\u{41}"', b'"\\u\xe5"', b'"\\u00\xc3\xa4"', br'"\\\"', br'"\u00', br'"\u', br'"\uD834\uDd"',
        br'"\uD800\u"', br'"\uD800\u1"', br'"\uD800\u1x"', br'"\uD800\x"', b'"\\uD800\\"', br'"\uD800\uD800\x"', br'\n', br'[\n]', br'[\u0020"a"]', br'[\u000A""]',
        br'{\u0022a":1}', br'{"\a":1}', br'{"\u00G0":1}'],

    "utf-8": [
        # lone continuation bytes, and lead bytes without theirs
        b'"\x80"', b'"\xbf"', b'"\x81"', b'"\x80\x80"', b'"\xc3"', b'"\xc3a"', b'"\xe2\x82"', b'"\xe2"', b'"\xe2\x82a"', b'"\xf0\x9f\x98"', b'"\xf0\x9f"', b'"\xf0"',
        b'"\xe5"', b'"\xe0\xff"', b'"\xe6\x97\xa5\xd1\x88\xfa"',
        # overlong
        b'"\xc0\x80"', b'"\xc0\xaf"', b'"\xc1\xbf"', b'"\xe0\x80\x80"', b'"\xe0\x80\xaf"', b'"\xe0\x9f\xbf"', b'"\xf0\x80\x80\x80"', b'"\xf0\x80\x80\xaf"', b'"\xf0\x8f\xbf\xbf"',
        b'"\xf8\x80\x80\x80\xaf"', b'"\xfc\x80\x80\x80\x80\x80"', b'"\xfc\x83\xbf\xbf\xbf\xbf"', b'"\xc0\x8a"', b'"\xc0\xa2"',
        # surrogates, and CESU-8
        b'"\xed\xa0\x80"', b'"\xed\xad\xbf"', b'"\xed\xb0\x80"', b'"\xed\xbf\xbf"', b'"\xed\xa0\xbd\xed\xb8\x80"',
        # beyond U+10FFFF, and bytes that UTF-8 does not have
        b'"\xf4\x90\x80\x80"', b'"\xf4\xbf\xbf\xbf"', b'"\xf5\x80\x80\x80"', b'"\xf7\xbf\xbf\xbf"', b'"\xfe"', b'"\xff"', b'"\xfe\xff"',
        # Latin-1, and the same in names and outside strings
        b'"\xe9"', b'{"\xe9":1}', b'{"\xb9":"0"}', b'{"\xed\xa0\x80":1}', b"\xe5", b"[\xff]", b"[a\xe5]", b"\xe9", b"[1,\x80]", b"\xc3\x28"],

    "arrays": [
        b"[", b"[[", b"]", b"[1", b"[1,", b"[,", b"[,]", b"[,1]", b"[1,]", b"[1,,]", b"[1,,2]", b"[ , 1]", b'["",]', b'["x",,]', b"[1;2]", b"[1:2]", b'["":1]', b'["a":1]', b"[1 true]",
        b"[1 2]", b"[3[4]]", b"[[1][2]]", b"[1}", b"[}", b"[{]", b"[{}", b'["x"', b'["x"]]', b"[]]", b"[1]]", b"[x", b"[*]", b"[-]", b"[<null>]", b"[1]x", b"[1],", b"[][]", b"[] []", b"[(1)]",
        b"[\n1,\n", b'["a",\n4\n,1,', b"[1,\n1\n,1", b"[...]", b"[1..3]", b"[\"\\{[\"\\{", b"[1,2,3", b"[[1,2]"],

    "objects": [
        b"{", b"}", b"{,", b"{]", b"{[", b'{"', b'{"a', b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b"{'a'", b"{'a':0}", b"{a:1}", b'{a:"b"}', b'{"a":b}', b"{1:1}", b"{null:null}", b"{true:1}",
        b"{null:null,null:null}", b"{[]:1}", b"{{}:1}", b'{[:"x"}', b"{9999E9999:1}", b"{:1}", b'{:"b"}', b'{"a"}', b'{"a",}', b'{"a" 1}', b'{"a" "b"}', b'{"a" b}', b'{"a"::1}', b'{"a":}', b'{"a":,"b":1}',
        b'{"a",1}', b'{"x", null}', b'{"a"=1}', b'{"a"=>1}', b'{"a":1,}', b'{"id":0,,,,,}', b'{"a":1,,"b":2}', b'{,"a":1}', b'{"a":1;"b":2}', b'{"a":1 "b":2}', b'{"a":"a" 123}', b'{"a":1}}', b"{}}",
        b'{"a":1]', b'{"a":[}', b'{"a":[1}]', b'{"foo":"bar","a"}', b"{(1):2}", b'{"a":1}#', b'{"a":true} "x"', b"{} {}", b"{}{}", "{\U0001f1e8\U0001f1ed}".encode(), b"{*}", b'{"a":"b"}#{}', b'{"":',
        b'[{"":[{"":[{"":'],

    "comments": [
        b"/**/1", b"1/**/", b"1 // x", b"// x\n1", b"# x\n1", b"1 # x", b"[1,/*x*/2]", b'{"a":/*comment*/"b"}', b'{"a":1/*x*/}', b'{/*x*/"a":1}', b'{"a":"b"}/**/', b'{"a":"b"}/**//', b'{"a":"b"}//',
        b'{"a":"b"}/', b"<!-- -->1", b"[1,2]--x", b"/", b"//", b"/*", b"/* 1"],

    "structure": [
        b"*", b"<.>", b"2@", b"1]", b"1}", b"@", b"$", b"%", b"(1)", b":", b",", b";", b"=", b"?", b"!", b"&", b"|", b"~", b"^", b"\\", b"{}[]", b"1 1", b'"a" 1', b"[] 1", b"null,", b",null", b"1:1", b"][", b"}{", b"){",
        b"\x0b1", b"1\x0c", b"[\x0c]", b"[\x0b]", b"[1,\x0b2]", b'["\x0ba"\\f]', b"\x001", b"[\x00]", b"\x00", b"[1]\x00", b"{}\x00", b'{"a"\x00:1}', b"\x1a", b"[\x7f]", b"\x01[]",
        "\u00a01".encode(), "[\u2060]".encode(), "\u2060[]".encode(), "1\u2028".encode(), "\u3000[]".encode(), "\u0085[]".encode()],

    "byte order marks and other encodings": [
        b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b"\xef\xbb{}", b"\xef{}", b"[\xef\xbb\xbf]", b"{}\xef\xbb\xbf", b"\xfe\xff\x00{\x00}", b"\xff\xfe{\x00}\x00", b"\x00[\x00]", b"[\x00]\x00",
        '["\u00e9"]'.encode("utf-16-le"), '["\u00e9"]'.encode("utf-16-be"), '["\u00e9"]'.encode("utf-16"), '["a"]'.encode("utf-32-le")],
}

# --- allowed by RFC 8259, but not to be kept faithfully: 400, code "unrepresentable" ---

UNREPRESENTABLE = {
    "nul": [br'"\u0000"', br'"a\u0000b"', br'["\u0000"]', br'{"foo\u0000bar":42}', br'{"a":"\u0000"}', br'"\\\u0000"'],

    "lone surrogates": [
        br'"\ud800"', br'"\uDADA"', br'"\uDBFF"', br'"\uDC00"', br'"\uDFAA"', br'"\uDFFF"', br'"\ud800abc"', br'"\ud800\n"', br'"\uD800\uD800"', br'"\uD800\uD800\n"', br'"\uDd1e\uD834"', br'"\uDd1ea"', br'"\uD888\u1234"',
        br'"\uD800\u0041"', br'"\uD800\\uDC00"', br'"a\uDC00b"', br'{"\uDFAA":0}', br'{"a\ud800":0}', br'"\uD83D\uDE00\uD83D"'],

    "duplicate names": [
        b'{"a":1,"a":2}', b'{"a":1,"a":1}', b'{"a":"b","a":"b"}', b'{"":1,"":2}', br'{"a":1,"\u0061":2}', br'{"\/":1,"/":2}', '{"\u00e4":1,"\\u00e4":2}'.encode(),
        '{"\U0001f600":1,"\\ud83d\\ude00":2}'.encode(), b'{"x":{"a":1,"a":2}}', b'[{"a":1,"a":2}]', b'{"a":1,"b":2,"c":3,"a":4}'],

    "integers": [
        b"18446744073709551616", b"18446744073709551620", b"20000000000000000000", b"100000000000000000000", b"-9223372036854775809", b"-18446744073709551615",
        b"-123123123123123123123123123123", b"-237462374673276894279832749832423479823246327846", b"1" + b"0" * 400, b"-1" + b"0" * 400, b"9" * 40, b"9" * 41],

    "exponents": [
        b"1e309", b"-1e309", b"1e-309", b"-1e-309", b"1E+309", b"1e9999", b"1.5e+9999", b"-1e+9999", b"123123e100000", b"123e-10000000", b"123.456e-789", b"1e99999999999999999999",
        b"1e-99999999999999999999", b"0.4e006699999999999999999999999999999999999999999999999999999999", b"1e4294967296", b"1e-4294967295", b"1e18446744073709551617"],

    "significant digits": [
        b"0.12345678901234567890123456789012345678901", b"1.2345678901234567890123456789012345678901", b"12345678901234567890.123456789012345678901", b"1." + b"1" * 1000,
        b"-1234567890123456789.1234567890123456789012", b"1.2345678901234567890123456789012345678901e5"],
}

# --- deeper than anyone nests: forbidden (unclosed) or past the limit, 400 either way ---

DEEP = [b"[" * 1000, b"[" * 50000, b'{"a":' * 5000, b"[{" * 1000, b'[{"":' * 10000, b"]" * 1000, b"[" * 30000 + b"]" * 30000]
