/* Rust's std takes its random seeds from `ProcessPrng`, which bcryptprimitives.dll has on Windows 10. Wine got that library with
 * its release 8.17. Where it lacks it, the tests run with this one. */

#include <windows.h>

/* What RtlGenRandom is exported as. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!SystemFunction036(buffer, part))
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}
