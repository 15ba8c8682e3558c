/* Children that connect and are gone: blink HOST PORT COUNT
 * Each child is named blink-N, connects to HOST (IPv4) and exits. One line for each on standard output:
 * N PID LOCAL_PORT LIFETIME_US */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void child(const struct sockaddr_in *to, int n, volatile int *port)
{
	struct sockaddr_in own;
	socklen_t size = sizeof(own);
	char name[16];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	snprintf(name, sizeof(name), "blink-%d", n);
	prctl(PR_SET_NAME, name);
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&own, &size) == 0)
		*port = ntohs(own.sin_port);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	volatile int *port;
	int n, count;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	to.sin_port = htons(atoi(argv[2]));
	count = atoi(argv[3]);
	port = mmap(0, sizeof(*port), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (n = 0; n < count; n++) {
		long start_us = now_us();
		pid_t pid = fork();

		if (pid == 0)
			child(&to, n, port);
		waitpid(pid, 0, 0);
		printf("%d %d %d %ld\n", n, pid, *port, now_us() - start_us);
	}
	return 0;
}
