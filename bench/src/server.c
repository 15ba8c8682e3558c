/* server: accepts on every given port, IPv4 and IPv6, and ends each connection.
 *
 * usage: server server|client FIRST[-LAST][,FIRST[-LAST]...]
 *   server: it closes at once; client: it waits for the client's FIN
 *
 * Prints "ready" when it listens and accepted=N on SIGTERM. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENER (1ull << 32) /* marks listeners in epoll's data */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void listen_on(int ep, int family, int port)
{
	int one = 1, s = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in6 a = { .sin6_port = htons(port) }; /* any address in both families */
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof a;

	a.sin6_family = family;
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (family == AF_INET6)
		setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(s, (struct sockaddr *)&a, len) || listen(s, 65535)) {
		perror("server");
		exit(1);
	}
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = LISTENER | s };
	epoll_ctl(ep, EPOLL_CTL_ADD, s, &e);
}

/* Accepts what is there, at most 64, so that other listeners get their turn. */
static long accept_some(int ep, int listener, int wait_for_fin)
{
	long accepted = 0;

	for (int i = 0; i < 64; i++) {
		int s = accept4(listener, 0, 0, SOCK_NONBLOCK);
		if (s < 0)
			break;
		accepted++;
		if (!wait_for_fin) {
			close(s);
			continue;
		}
		struct epoll_event e = { .events = EPOLLIN, .data.u64 = s };
		epoll_ctl(ep, EPOLL_CTL_ADD, s, &e);
	}
	return accepted;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: server server|client PORTS\n");
		return 2;
	}
	int ep = epoll_create1(0), wait_for_fin = !strcmp(argv[1], "client");
	struct rlimit files = { 65536, 65536 };
	struct sigaction action = { .sa_handler = on_signal };
	struct epoll_event events[64];
	long accepted = 0;
	char byte;

	setrlimit(RLIMIT_NOFILE, &files);
	sigaction(SIGTERM, &action, 0);
	sigaction(SIGINT, &action, 0);
	for (char *range = strtok(argv[2], ","); range; range = strtok(0, ",")) {
		char *dash = strchr(range, '-');
		int last = atoi(dash ? dash + 1 : range);
		for (int port = atoi(range); port <= last; port++) {
			listen_on(ep, AF_INET, port);
			listen_on(ep, AF_INET6, port);
		}
	}
	puts("ready");
	fflush(stdout);
	while (!stop) {
		int n = epoll_wait(ep, events, 64, 200);
		for (int i = 0; i < n; i++) {
			int s = (int)events[i].data.u64;
			if (events[i].data.u64 & LISTENER)
				accepted += accept_some(ep, s, wait_for_fin);
			else if (read(s, &byte, 1) <= 0)
				close(s);
		}
	}
	printf("accepted=%ld\n", accepted);
	return 0;
}
