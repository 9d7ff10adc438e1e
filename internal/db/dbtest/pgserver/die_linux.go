package pgserver

import "syscall"

// dieWithParent has the kernel end the child quickly when its supervisor is killed outright.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
