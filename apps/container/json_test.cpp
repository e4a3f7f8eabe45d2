// SPDX-License-Identifier: MIT
#include "apps/container/json.hpp"

#include <gtest/gtest.h>

namespace container_tool {
namespace {

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
                  .add_members("{}")
                  .add_members(R"({"m":1})")
                  .text(),
              "{\"n\":7,\"t\":\"x\",\"l\":[\"a\",\"b\\\"\"],\"m\":1}");
}

TEST(Json, Indented) {
    EXPECT_EQ(json_indented(R"([{"a":"x,{\"","b":[1,2],"c":[],"d":{}}])"),
              "[\n    {\n        \"a\": \"x,{\\\"\",\n        \"b\": [\n            1,\n           "
              " 2\n        ],\n"
              "        \"c\": [],\n        \"d\": {}\n    }\n]");
    EXPECT_EQ(json_indented("[]"), "[]");
    EXPECT_EQ(json_indented(R"(["\\",1])"), "[\n    \"\\\\\",\n    1\n]");
}

}  // namespace
}  // namespace container_tool
