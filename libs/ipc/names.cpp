// SPDX-License-Identifier: MIT
#include "libs/ipc/names.hpp"

#include <array>

namespace ipc {
namespace {

constexpr std::array<std::string_view, 23> error_names = {
    "ok",           "bad_system_call", "invalid_capability",
    "wrong_type",   "missing_right",   "invalid_argument",
    "out_of_range", "not_aligned",     "bad_address",
    "no_memory",    "table_full",      "slot_in_use",
    "overlap",      "not_mapped",      "busy",
    "timed_out",    "interrupted",     "dead",
    "no_caller",    "too_long",        "would_block",
    "changed",      "too_deep"};
static_assert(error_names.size() == static_cast<std::size_t>(abi::Error::too_deep) + 1);

constexpr std::array<std::string_view, 34> status_names = {"ok",
                                                           "unsupported",
                                                           "malformed",
                                                           "bad_handle",
                                                           "not_found",
                                                           "exists",
                                                           "not_directory",
                                                           "is_directory",
                                                           "not_empty",
                                                           "name_too_long",
                                                           "too_many_links",
                                                           "cross_device",
                                                           "access_denied",
                                                           "not_permitted",
                                                           "read_only",
                                                           "no_space",
                                                           "no_memory",
                                                           "limit",
                                                           "too_big",
                                                           "out_of_range",
                                                           "invalid",
                                                           "busy",
                                                           "io_error",
                                                           "not_seekable",
                                                           "would_block",
                                                           "interrupted",
                                                           "timed_out",
                                                           "closed",
                                                           "no_process",
                                                           "no_child",
                                                           "not_executable",
                                                           "not_terminal",
                                                           "background",
                                                           "wrong_type"};
static_assert(status_names.size() == static_cast<std::size_t>(Status::count_end));

}  // namespace

std::string_view name_of(abi::Error error) {
    const auto number = static_cast<std::size_t>(error);
    return number < error_names.size() ? error_names[number] : "unknown error";
}

std::string_view name_of(Status status) {
    const auto number = static_cast<std::size_t>(status);
    return number < status_names.size() ? status_names[number] : "unknown status";
}

std::string_view name_of(Failure failure) {
    return failure.from_kernel() ? name_of(failure.error()) : name_of(failure.status());
}

}  // namespace ipc
