// SPDX-License-Identifier: MIT
// Reply: the one-shot right to answer one caller.
//
// Bought by a server and named in receive. While its `caller` waits (Wait::reply), it can be used once; then it is free for the
// next receive. Named in a pending receive it is `reserved` for that thread.
#pragma once

#include "kernel/object/object.hpp"

namespace kernel {

class Thread;

class Reply final : public Object {
public:
    static constexpr auto kind = ObjectType::reply;

    explicit Reply(Bank& bank) : Object(kind, bank) {}
    [[nodiscard]] bool sever(Work& work);

    // Who shares the kernel looks at it as an atomic, and takes it only if it is its thread's lender.
    Thread* caller = nullptr;
    Thread* reserved = nullptr;
};

}  // namespace kernel
