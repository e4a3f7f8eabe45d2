// SPDX-License-Identifier: MIT
//
// The frame of the in-guest kernel tests.
//
//   TEST(memory_resize_shrinks) {
//       auto memory = NEED(bank()->create_memory(8192));     // ends the test if it fails
//       EXPECT_OK(memory->resize(4096));
//       EXPECT_ERROR(memory->resize(1), abi::Error::not_aligned);
//       EXPECT(value == 5);
//   }
//
// Each test prints `ok NAME` or `FAIL NAME` (after the lines that say what was wrong). It runs twice: the second time, the
// program's bank must be charged as much after it as before, or the test has found a leak.
#pragma once

#include <cstdint>
#include <string_view>

#include "libs/ipc/kernel_objects.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"

namespace test {

struct Case {
    Case(const char* case_name, void (*function)());

    const char* name;
    void (*run)();
    Case* next = nullptr;
};

// Notes a failure of the running test.
void fail(std::string_view where, int line, std::string_view what, std::string_view detail = {});

inline void expect(bool holds, std::string_view where, int line, std::string_view what) {
    if (!holds) {
        fail(where, line, what);
    }
}
template <class T, class E>
bool expect_ok(const base::Result<T, E>& result, std::string_view where, int line,
               std::string_view what) {
    if (!result) {
        fail(where, line, what, ipc::name_of(result.error()));
    }
    return result.has_value();
}
template <class T, class E, class Wanted>
void expect_error(const base::Result<T, E>& result, Wanted wanted, std::string_view where, int line,
                  std::string_view what) {
    if (result) {
        fail(where, line, what, "no error");
    } else if (!(result.error() == wanted)) {
        fail(where, line, what, ipc::name_of(result.error()));
    }
}

inline const rt::StartInfo& start() { return rt::start_info(); }
inline ipc::Ref<ipc::Bank> bank() { return ipc::own_bank(); }

// An operation as raw words, for arguments that the typed wrappers do not let pass.
template <class Label>
ipc::KernelResult<ipc::Words> raw(ipc::AnyRef object, Label label, const ipc::Words& words = {},
                                  std::size_t payload = 0) {
    const auto outcome = ipc::detail::operate_raw(object.index(), label, words, payload);
    if (outcome.error != abi::Error::ok) {
        return base::fail(outcome.error);
    }
    return outcome.words;
}

int run_all(std::string_view only);

}  // namespace test

#define TEST(name)                                                                    \
    static void test_##name();                                                        \
    static test::Case case_##name{#name, test_##name}; /* NOLINT: registers itself */ \
    static void test_##name()

#define EXPECT(...) test::expect((__VA_ARGS__), __FILE_NAME__, __LINE__, #__VA_ARGS__)
#define EXPECT_OK(...) (void)test::expect_ok((__VA_ARGS__), __FILE_NAME__, __LINE__, #__VA_ARGS__)
#define EXPECT_ERROR(expression, wanted) \
    test::expect_error((expression), (wanted), __FILE_NAME__, __LINE__, #expression)
// The value, or the end of the test.
#define NEED(...)                                                                    \
    __extension__({                                                                  \
        auto&& need_result_ = (__VA_ARGS__);                                         \
        if (!test::expect_ok(need_result_, __FILE_NAME__, __LINE__, #__VA_ARGS__)) { \
            return;                                                                  \
        }                                                                            \
        ::base::detail::take_value(std::move(need_result_));                         \
    })
