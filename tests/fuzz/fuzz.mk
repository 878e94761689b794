# What tests/fuzz/run builds: the floors base and model with clang's sanitizers and its coverage of edges, and a program per target.
# TOP is the source folder, OUT where everything goes, TARGETS the programs.
CC = clang
CPPFLAGS = -I$(TOP)/src -I$(TOP) -D_GNU_SOURCE $(shell pkg-config --cflags json-c libdeflate libpcre2-8 libcrypto)
CFLAGS = -std=gnu11 -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LIBS = $(shell pkg-config --libs json-c libdeflate libpcre2-8 libcrypto) -lunistring -lm -lpthread
SOURCES = $(wildcard $(TOP)/src/base/*.c $(TOP)/src/model/*.c)
OBJECTS = $(patsubst $(TOP)/src/%.c,$(OUT)/obj/%.o,$(SOURCES))

all: $(addprefix $(OUT)/bin/,$(TARGETS)) $(OUT)/bin/replay-line

$(OUT)/obj/%.o: $(TOP)/src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer-no-link -MMD -c -o $@ $<

$(OUT)/bin/%: $(TOP)/tests/fuzz/%.c $(TOP)/tests/fuzz/fuzz.h $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer -o $@ $< $(OBJECTS) $(LIBS)

# Turns seeds into files, and files into lines; which target it is made with is of no account.
$(OUT)/bin/replay-line: $(TOP)/tests/fuzz/replay.c $(TOP)/tests/fuzz/timestamp.c $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $(TOP)/tests/fuzz/replay.c $(TOP)/tests/fuzz/timestamp.c $(OBJECTS) $(LIBS)

-include $(OBJECTS:.o=.d)
