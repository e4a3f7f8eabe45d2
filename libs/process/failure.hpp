// SPDX-License-Identifier: MIT
// Failure of loading: the file is bad, or the kernel refused (mostly: no memory within the limit).
#pragma once

#include "abi/kernel/error.hpp"
#include "libs/base/result.hpp"
#include "libs/ipc/names.hpp"
#include "libs/process/elf.hpp"

namespace loader {

class LoadFailure {
public:
    constexpr LoadFailure(abi::Error error) : error_(error) {}  // NOLINT: either kind is a failure
    constexpr LoadFailure(ElfError error) : bad_file_(true), elf_(error) {}  // NOLINT

    [[nodiscard]] constexpr bool bad_file() const { return bad_file_; }
    [[nodiscard]] constexpr ElfError elf() const { return elf_; }
    [[nodiscard]] constexpr abi::Error error() const { return error_; }
    [[nodiscard]] std::string_view text() const {
        return bad_file_ ? describe(elf_) : ipc::name_of(error_);
    }

private:
    bool bad_file_ = false;
    abi::Error error_ = abi::Error::ok;
    ElfError elf_ = ElfError::not_elf;
};

template <class T>
using LoadResult = base::Result<T, LoadFailure>;

}  // namespace loader
