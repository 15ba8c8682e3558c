/* loadgen: opens short TCP connections at a fixed rate and logs every 5-tuple with its result.
 *
 * usage: loadgen SRC NSRC DST PORT NPORTS RATE SECONDS PARALLEL server|client LOG
 *   SRC NSRC   first client address and how many consecutive ones are used in turn (IPv4 or IPv6)
 *   RATE       connections per second, 0: as fast as PARALLEL allows
 *   server     the server closes first; client: the client closes as soon as it is connected
 *
 * The log stays in memory until the end, so that writing it can't slow the generation. Each entry is
 * 24 bytes, little endian, as in struct entry. One line of totals goes to standard output. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum result { UNFINISHED, OK, REFUSED, FAILED };

struct entry {
	uint64_t connect_ns;  /* CLOCK_REALTIME just before connect() */
	uint32_t duration_us; /* until our close() */
	uint16_t local_port, port;
	uint8_t address; /* index from SRC */
	uint8_t result;
	uint8_t pad[6];
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

#define MAX_ENTRIES 8000000
#define MAX_FDS 8192

static struct entry *entries;
static int entry_of[MAX_FDS]; /* by descriptor */
static long started, ok, failed, unfinished, no_start;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static socklen_t parse(union address *a, const char *text)
{
	memset(a, 0, sizeof *a);
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->any.sa_family = AF_INET;
		return sizeof a->v4;
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->any.sa_family = AF_INET6;
		return sizeof a->v6;
	}
	fprintf(stderr, "loadgen: %s is no address\n", text);
	exit(2);
}

/* The address `index` after `first`; only the last byte counts up. */
static union address nth(union address first, int index)
{
	if (first.any.sa_family == AF_INET)
		((uint8_t *)&first.v4.sin_addr)[3] += index;
	else
		((uint8_t *)&first.v6.sin6_addr)[15] += index;
	return first;
}

/* Opens one connection and returns its descriptor, or -1 when no SYN was sent. */
static int open_one(const union address *src, int address, union address dst, int port, socklen_t len)
{
	int one = 1, s = socket(dst.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	union address local;
	struct entry *e = &entries[started];

	if (s < 0 || s >= MAX_FDS)
		goto none;
	/* the kernel chooses the port at connect(), when it knows the whole tuple */
	setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (bind(s, &src->any, len))
		goto none;
	dst.v4.sin_port = htons(port); /* the same place in both families */
	e->connect_ns = now_ns(CLOCK_REALTIME);
	if (connect(s, &dst.any, len) && errno != EINPROGRESS)
		goto none;
	getsockname(s, &local.any, &len);
	e->local_port = ntohs(local.v4.sin_port);
	e->port = port;
	e->address = address;
	entry_of[s] = started++;
	return s;
none:
	no_start++;
	if (s >= 0)
		close(s);
	return -1;
}

static void finish(int s, enum result result)
{
	struct entry *e = &entries[entry_of[s]];

	close(s);
	e->duration_us = (now_ns(CLOCK_REALTIME) - e->connect_ns) / 1000;
	e->result = result;
	if (result == OK)
		ok++;
	else
		failed++;
}

/* Takes one event; returns 1 when the connection is over. */
static int take(const struct epoll_event *ev, int client_first)
{
	int s = ev->data.fd, error = 0;
	socklen_t len = sizeof error;
	char byte;

	if (ev->events & EPOLLERR) {
		getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len);
		finish(s, error == ECONNREFUSED ? REFUSED : FAILED);
		return 1;
	}
	if (client_first) {
		finish(s, OK);
		return 1;
	}
	ssize_t n = read(s, &byte, 1);
	if (n < 0 && errno == EAGAIN)
		return 0;
	finish(s, n == 0 ? OK : FAILED);
	return 1;
}

static void write_log(const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(entries, sizeof *entries, started, f) != (size_t)started || fclose(f)) {
		perror("loadgen: log");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 11) {
		fprintf(stderr, "usage: loadgen SRC NSRC DST PORT NPORTS RATE SECONDS PARALLEL server|client LOG\n");
		return 2;
	}
	union address first, dst, src[256];
	socklen_t len = parse(&first, argv[1]);
	int nsrc = atoi(argv[2]), port = atoi(argv[4]), nports = atoi(argv[5]), parallel = atoi(argv[8]);
	int client_first = !strcmp(argv[9], "client");
	double rate = atof(argv[6]), seconds = atof(argv[7]);
	struct rlimit files = { MAX_FDS, MAX_FDS };
	struct epoll_event events[512];

	parse(&dst, argv[3]);
	for (int i = 0; i < nsrc && i < 256; i++)
		src[i] = nth(first, i);
	setrlimit(RLIMIT_NOFILE, &files);
	entries = mmap(0, MAX_ENTRIES * sizeof *entries, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (entries == MAP_FAILED) {
		perror("loadgen: mmap");
		return 1;
	}
	int ep = epoll_create1(0);
	long in_flight = 0;
	uint64_t begin = now_ns(CLOCK_MONOTONIC), end = begin + seconds * 1e9, t = begin;
	while ((t = now_ns(CLOCK_MONOTONIC)) < end || (in_flight && t < end + 3000000000ull)) {
		long due = 0;
		if (t < end && started < MAX_ENTRIES)
			due = rate > 0 ? (t - begin) / 1e9 * rate - started : parallel;
		for (; due > 0 && in_flight < parallel && started < MAX_ENTRIES; due--) {
			long i = started;
			int s = open_one(&src[i % nsrc], i % nsrc, dst, port + (i / nsrc) % nports, len);
			if (s < 0)
				break;
			struct epoll_event e = { .events = client_first ? EPOLLOUT : EPOLLIN | EPOLLRDHUP, .data.fd = s };
			epoll_ctl(ep, EPOLL_CTL_ADD, s, &e);
			in_flight++;
		}
		int n = epoll_wait(ep, events, 512, rate > 0 || !in_flight ? 1 : 20);
		for (int i = 0; i < n; i++)
			in_flight -= take(&events[i], client_first);
	}
	unfinished = in_flight;
	write_log(argv[10]);
	printf("started=%ld ok=%ld failed=%ld unfinished=%ld no_start=%ld rate=%.1f\n",
	       started, ok, failed, unfinished, no_start, started / seconds);
	return 0;
}
