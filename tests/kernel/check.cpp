// SPDX-License-Identifier: MIT
#include "tests/kernel/check.hpp"

namespace test {
namespace {

constinit Case* first_case = nullptr;
constinit Case* last_case = nullptr;
constinit bool failed = false;

void say(std::string_view word, std::string_view name) {
    rt::Line line;
    line.add(word).add(' ').add(name).add('\n');
    rt::log_text(line.text());
}

std::uint64_t charged() {
    const auto usage = ipc::own_bank()->query();
    return usage ? usage->charged : 0;
}

bool run(const Case& one) {
    failed = false;
    one.run();
    const std::uint64_t before = charged();
    if (!failed) {
        one.run();
    }
    const std::uint64_t after = charged();
    if (!failed && after != before) {
        rt::log("leaks ", after > before ? after - before : before - after,
                after > before ? "" : " too few", " bytes");
        failed = true;
    }
    say(failed ? "FAIL" : "ok", one.name);
    return !failed;
}

}  // namespace

Case::Case(const char* case_name, void (*function)()) : name(case_name), run(function) {
    (last_case != nullptr ? last_case->next : first_case) = this;
    last_case = this;
}

void fail(std::string_view where, int line, std::string_view what, std::string_view detail) {
    failed = true;
    rt::log("  ", where, ":", line, ": ", what, detail.empty() ? "" : " gave ", detail);
}

int run_all(std::string_view only) {
    int passed = 0;
    int broken = 0;
    for (const Case* one = first_case; one != nullptr; one = one->next) {
        if (std::string_view{one->name}.starts_with(only)) {
            ++(run(*one) ? passed : broken);
        }
    }
    rt::Line line;
    line.add(passed).add(" passed, ").add(broken).add(" failed\n");
    rt::log_text(line.text());
    return broken;
}

}  // namespace test
