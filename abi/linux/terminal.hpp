// SPDX-License-Identifier: MIT
// Terminals: the numbers of ioctl and the structures that go with them.
#pragma once

#include <cstdint>

namespace linux_abi {

struct Ioctl {
    static constexpr std::uint32_t tcgets = 0x5401, tcsets = 0x5402, tcsetsw = 0x5403,
                                   tcsetsf = 0x5404, tcsbrk = 0x5409, tcxonc = 0x540a,
                                   tcflsh = 0x540b, tiocexcl = 0x540c, tiocnxcl = 0x540d,
                                   tiocsctty = 0x540e, tiocgpgrp = 0x540f, tiocspgrp = 0x5410,
                                   tiocoutq = 0x5411, tiocgwinsz = 0x5413, tiocswinsz = 0x5414,
                                   fionread = 0x541b, fionbio = 0x5421, tiocnotty = 0x5422,
                                   tcsbrkp = 0x5425, tiocgsid = 0x5429, fionclex = 0x5450,
                                   fioclex = 0x5451, fioasync = 0x5452, tiocgetd = 0x5424,
                                   tiocgptn = 0x80045430, tiocsptlck = 0x40045431,
                                   tiocgptlck = 0x80045439, tiocgptpeer = 0x5441,
                                   tiocsig = 0x40045436, tiocpkt = 0x5420, tiocgpkt = 0x80045438,
                                   tiocgexcl = 0x80045440, tiocgdev = 0x80045432, tiocsti = 0x5412,
                                   tiocsetd = 0x5423, tcgets2 = 0x802c542a, tcsets2 = 0x402c542b,
                                   tcsetsw2 = 0x402c542c, tcsetsf2 = 0x402c542d;
};

struct Termios {
    std::uint32_t input, output, control, local;
    std::uint8_t line;
    std::uint8_t characters[19];
};
static_assert(sizeof(Termios) == 36);

struct Termios2 {
    Termios settings;
    std::uint32_t input_speed, output_speed;  // bits a second
};
static_assert(sizeof(Termios2) == 44);

// The codes of speeds in Termios::control.
struct SpeedCode {
    static constexpr std::uint32_t mask = 0x100f, other = 0x1000, input_shift = 16;
    std::uint32_t code, speed;
};
inline constexpr SpeedCode speed_codes[] = {
    {0, 0},
    {1, 50},
    {2, 75},
    {3, 110},
    {4, 134},
    {5, 150},
    {6, 200},
    {7, 300},
    {8, 600},
    {9, 1200},
    {10, 1800},
    {11, 2400},
    {12, 4800},
    {13, 9600},
    {14, 19200},
    {15, 38400},
    {0x1001, 57600},
    {0x1002, 115200},
    {0x1003, 230400},
    {0x1004, 460800},
    {0x1005, 500000},
    {0x1006, 576000},
    {0x1007, 921600},
    {0x1008, 1000000},
    {0x1009, 1152000},
    {0x100a, 1500000},
    {0x100b, 2000000},
    {0x100c, 2500000},
    {0x100d, 3000000},
    {0x100e, 3500000},
    {0x100f, 4000000},
};

struct WindowSize {
    std::uint16_t rows, columns, width, height;
};

struct FlushQueue {
    static constexpr std::uint64_t input = 0, output = 1, both = 2;
};

}  // namespace linux_abi
