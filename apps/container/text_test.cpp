// SPDX-License-Identifier: MIT
#include "apps/container/text.hpp"

#include <gtest/gtest.h>

#include "apps/container/json.hpp"

namespace container_tool {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(Text, Durations) {
    EXPECT_EQ(duration_text(59 * second), "59s");
    EXPECT_EQ(duration_text(200 * second), "3m 20s");
    EXPECT_EQ(duration_text(7500 * second), "2h 5m");
    EXPECT_EQ(duration_text(273600 * second), "3d 4h");
    EXPECT_EQ(cpu_text(50'000'000), "0.05 s");
    EXPECT_EQ(cpu_text(12 * second), "12.00 s");
}

TEST(Text, Numbers) {
    EXPECT_EQ(parse_size("512K"), 512u << 10);
    EXPECT_EQ(parse_size("123"), 123u);
    EXPECT_FALSE(parse_size("0"));
    EXPECT_FALSE(parse_size("M"));
    EXPECT_FALSE(parse_size("99999999999G"));
    EXPECT_EQ(parse_seconds("0"), 0u);
    EXPECT_FALSE(parse_seconds("1.5"));
}

TEST(Text, SignalsAndShares) {
    EXPECT_EQ(parse_signal("KILL"), 9u);
    EXPECT_EQ(parse_signal("SIGTERM"), 15u);
    EXPECT_EQ(parse_signal("34"), 34u);
    for (const char* none : {"", "0", "65", "kill", "SIG", "-1"})
        EXPECT_FALSE(parse_signal(none)) << none;
    EXPECT_EQ(parse_percent("100"), 100u);
    EXPECT_FALSE(parse_percent("0"));
    EXPECT_FALSE(parse_percent("101"));
}

TEST(Text, Volumes) {
    EXPECT_EQ(parse_volume("/a:/b"), (Volume{"/a", "/b", false}));
    EXPECT_EQ(parse_volume("a/b:/c:ro"), (Volume{"a/b", "/c", true}));
    EXPECT_EQ(parse_volume("/a:/b:rw"), (Volume{"/a", "/b", false}));
    for (const char* wrong : {"", "/a", ":/b", "/a:", "/a:b", "/a:/b:/c", "/a:/b:no", "/a:ro"})
        EXPECT_FALSE(parse_volume(wrong)) << wrong;
}

TEST(Json, LinesBecomeAnObject) {
    EXPECT_EQ(json_of_lines("name: a: b\nmount: / readonly\nmemory limit: 5\nmount: /x none\n"
                            "what is no line\nlabel: q=\"\n"),
              R"({"name":"a: b","memoryLimit":"5","mounts":["/ readonly","/x none"],)"
              R"("volumes":[],"grants":[],"environment":[],"steps":[],"labels":["q=\""]})");
}

TEST(Json, AuthorityBecomesAnObject) {
    const std::string text =
        "cat (7): container cat-3 of the image cat, for user 1000\n"
        "It runs\n"
        "  /bin/busybox cat                          ENTRYPOINT\n"
        "It may\n"
        "  read /home/admin/a name that is so long that nothing fits\n"
        "                                            GRANT argv\n"
        "It may not\n"
        "  see any other file                        nothing shows it\n"
        "It holds\n"
        "  its place: inside shell-1\n"
        "  a view of files, as said above\n";
    EXPECT_EQ(
        json_of_authority("7", text),
        R"({"pid":"7","process":"cat (7): container cat-3 of the image cat, for user 1000",)"
        R"("runs":[{"text":"/bin/busybox cat","because":"ENTRYPOINT"}],)"
        R"("may":[{"text":"read /home/admin/a name that is so long that nothing fits","because":"GRANT argv"}],)"
        R"("mayNot":[{"text":"see any other file","because":"nothing shows it"}],)"
        R"("holds":{"itsPlace":"inside shell-1","files":"a view of files, as said above"}})");
    // What is no such text becomes an object all the same.
    EXPECT_EQ(json_of_authority("7", ""),
              R"({"pid":"7","runs":[],"may":[],"mayNot":[],"holds":{}})");
}

TEST(Json, TextIsAlwaysValid) {
    EXPECT_EQ(json_text("a\"b\\c\n\x7f"), "\"a\\\"b\\\\c\\u000a\x7f\"");
    EXPECT_EQ(json_text("gr\xc3\xbc\xf0\x9f\x90\xa7"), "\"gr\xc3\xbc\xf0\x9f\x90\xa7\"");
    constexpr const char* bad = "\xef\xbf\xbd";
    // Cut short, overlong, a surrogate, beyond Unicode, a lone continuation.
    EXPECT_EQ(json_text("\xc3"), "\"" + std::string(bad) + "\"");
    EXPECT_EQ(json_text("\xc0\x80"), "\"" + std::string(bad) + bad + "\"");
    EXPECT_EQ(json_text("\xed\xa0\x80"), "\"" + std::string(bad) + bad + bad + "\"");
    EXPECT_EQ(json_text("\xf4\x90\x80\x80x").back(), '"');
    EXPECT_EQ(json_text("\x80"
                        "x"),
              "\"" + std::string(bad) + "x\"");
}

TEST(Json, Objects) {
    EXPECT_EQ(JsonObject().text(), "{}");
    const std::vector<std::string> words{"a", "b\""};
    EXPECT_EQ(JsonObject()
                  .add("n", std::uint64_t{7})
                  .add("t", "x")
                  .add_json("l", json_texts(words))
                  .text(),
              "{\"n\":7,\"t\":\"x\",\"l\":[\"a\",\"b\\\"\"]}");
}

TEST(Text, Tables) {
    Table table({"NAME", "STATE"});
    table.add({"a-long-name", "running"});
    table.add({"b", ""});
    EXPECT_EQ(table.text(), "NAME         STATE\na-long-name  running\nb            \n");
}

}  // namespace
}  // namespace container_tool
