// SPDX-License-Identifier: MIT
// File data in Memory objects, bought from a bank of the file system's own, so that its limit is the
// kernel's affair and its end frees everything at once.
//
//      page 0     fs::FileHeader, kept up to date from the first `map` on
//      page 1...  the file
//
// The Memory is never mapped here: reading and writing are one kernel operation between it and the
// message page, where the data comes from or goes to anyway. It is longer than the file, because
// length costs nothing; what is beyond the file's end is zero, except for what a client that may
// write has put into the last page.
#pragma once

#include "libs/fs_server/file_data.hpp"

namespace fs_server {

class MemoryStore final : public Store {
public:
    // In a bank of its own, inside `payer`.
    static Result<std::unique_ptr<Store>> create(ipc::Ref<ipc::Bank> payer, std::uint64_t limit);
    ~MemoryStore() override;

    Result<std::unique_ptr<FileData>> make() override;
    StoreUsage usage() override;

private:
    explicit MemoryStore(ipc::Capability<ipc::Bank> bank) : bank_(std::move(bank)) {}

    ipc::Capability<ipc::Bank> bank_;
};

}  // namespace fs_server
