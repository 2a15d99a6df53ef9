/**
 * AWS instance types: processor architecture, vCPUs and memory, from Cloud Carbon Footprint (see SOURCES.md; Apache-2.0, changed:
 * regrouped by family, processor names mapped to the architectures of the coefficient table, accelerated types and processors
 * without a coefficient left out). One line per family and architecture: `family|architecture|size vCPUs GiB,...`.
 */
export const AWS_INSTANCE_LINES = `
c1|Ivy Bridge|medium 2 1.7,xlarge 8 7
c3|Ivy Bridge|large 2 3.75,xlarge 4 7.5,2xlarge 8 15,4xlarge 16 30,8xlarge 32 60
c4|Haswell|large 2 3.75,xlarge 4 7.5,2xlarge 8 15,4xlarge 16 30,8xlarge 36 60
c5|Cascade Lake|12xlarge 48 96,24xlarge 96 192,metal 96 192
c5|Skylake|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,9xlarge 36 72,18xlarge 72 144
c5a|EPYC 2nd Gen|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192
c5ad|EPYC 2nd Gen|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192
c5d|Cascade Lake|12xlarge 48 96,24xlarge 96 192,metal 96 192
c5d|Skylake|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,9xlarge 36 72,18xlarge 72 144
c5n|Skylake|large 2 5.25,xlarge 4 10.5,2xlarge 8 21,4xlarge 16 42,9xlarge 36 96,18xlarge 72 192,metal 72 192
c6a|EPYC 3rd Gen|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,32xlarge 128 256,48xlarge 192 384,metal 192 384
c6g|Graviton2|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,metal 64 128
c6gd|Graviton2|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,metal 64 128
c6gn|Graviton2|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128
c6i|Ice Lake|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,32xlarge 128 256,metal 128 256
c6id|Ice Lake|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,32xlarge 128 256,metal 128 256
c6in|Ice Lake|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,32xlarge 128 256,metal 128 256
c7a|EPYC 4th Gen|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,32xlarge 128 256,48xlarge 192 384,metal-48xl 192 384
c7g|Graviton3|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,metal 64 128
c7gd|Graviton3|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,metal 64 128
c7gn|Graviton3E|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,metal 64 128
c7i|Sapphire Rapids|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,48xlarge 192 384,metal-24xl 96 192,metal-48xl 192 384
c7i-flex|Sapphire Rapids|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128
c8a|EPYC 5th Gen|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,48xlarge 192 384,metal-24xl 96 192,metal-48xl 192 384
c8g|Graviton4|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,48xlarge 192 384,metal-24xl 96 192,metal-48xl 192 384
c8gb|Graviton4|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,48xlarge 192 384,metal-24xl 96 192,metal-48xl 192 384
c8gd|Graviton4|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,48xlarge 192 384,metal-24xl 96 192,metal-48xl 192 384
c8gn|Graviton4|medium 1 2,large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,48xlarge 192 384,metal-24xl 96 192,metal-48xl 192 384
c8i|Granite Rapids|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,32xlarge 128 256,48xlarge 192 384,96xlarge 384 768,metal-48xl 192 384,metal-96xl 384 768
c8i-flex|Granite Rapids|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128
c8id|Granite Rapids|large 2 4,xlarge 4 8,2xlarge 8 16,4xlarge 16 32,8xlarge 32 64,12xlarge 48 96,16xlarge 64 128,24xlarge 96 192,32xlarge 128 256,48xlarge 192 384,96xlarge 384 768,metal-48xl 192 384,metal-96xl 384 768
d2|Haswell|xlarge 4 30.5,2xlarge 8 61,4xlarge 16 122,8xlarge 36 244
d3|Cascade Lake|xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256
d3en|Cascade Lake|xlarge 4 16,2xlarge 8 32,4xlarge 16 64,6xlarge 24 96,8xlarge 32 128,12xlarge 48 192
h1|Broadwell|2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,16xlarge 64 256
hpc6a|EPYC 3rd Gen|48xlarge 96 384
hpc6id|Ice Lake|32xlarge 64 1024
hpc7a|EPYC 4th Gen|12xlarge 24 768,24xlarge 48 768,48xlarge 96 768,96xlarge 192 768
hpc7g|Graviton3E|4xlarge 16 128,8xlarge 32 128,16xlarge 64 128
hpc8a|EPYC 5th Gen|96xlarge 192 768
i2|Sandy Bridge|xlarge 4 30.5,2xlarge 8 61,4xlarge 16 122,8xlarge 32 244
i3|Broadwell|large 2 15.25,xlarge 4 30.5,2xlarge 8 61,4xlarge 16 122,8xlarge 32 244,16xlarge 64 488,metal 72 512
i3en|Skylake|large 2 16,xlarge 4 32,2xlarge 8 64,3xlarge 12 96,6xlarge 24 192,12xlarge 48 384,24xlarge 96 768,metal 96 768
i4g|Graviton2|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,16xlarge 64 512
i4i|Ice Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,metal 128 1024
i7i|Emerald Rapids|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
i7ie|Emerald Rapids|large 2 16,xlarge 4 32,2xlarge 8 64,3xlarge 12 96,6xlarge 24 192,12xlarge 48 384,18xlarge 72 576,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
i8g|Graviton4|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
i8ge|Graviton4|large 2 16,xlarge 4 32,2xlarge 8 64,3xlarge 12 96,6xlarge 24 192,12xlarge 48 384,18xlarge 72 576,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
im4gn|Graviton2|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,16xlarge 64 256
is4gen|Graviton2|medium 1 6,large 2 12,xlarge 4 24,2xlarge 8 48,4xlarge 16 96,8xlarge 32 192
m2|Sandy Bridge|xlarge 2 17.1,2xlarge 4 34.2,4xlarge 8 68.4
m3|Sandy Bridge|medium 1 3.75,large 2 7.5,xlarge 4 15,2xlarge 8 30
m4|Broadwell|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,16xlarge 64 256
m4|Haswell|10xlarge 40 160
m5|Skylake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,metal 96 384
m5a|EPYC 1st Gen|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384
m5ad|EPYC 1st Gen|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384
m5d|Skylake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,metal 96 384
m5dn|Cascade Lake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,metal 96 384
m5n|Cascade Lake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,metal 96 384
m5zn|Cascade Lake|large 2 8,xlarge 4 16,2xlarge 8 32,3xlarge 12 48,6xlarge 24 96,12xlarge 48 192,metal 48 192
m6a|EPYC 3rd Gen|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,48xlarge 192 768,metal 192 768
m6g|Graviton2|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,metal 64 256
m6gd|Graviton2|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,metal 64 256
m6i|Ice Lake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,metal 128 512
m6id|Ice Lake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,metal 128 512
m6idn|Ice Lake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,metal 128 512
m6in|Ice Lake|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,metal 128 512
m7a|EPYC 4th Gen|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,48xlarge 192 768,metal-48xl 192 768
m7g|Graviton3|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,metal 64 256
m7gd|Graviton3|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,metal 64 256
m7i|Sapphire Rapids|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,48xlarge 192 768,metal-24xl 96 384,metal-48xl 192 768
m7i-flex|Sapphire Rapids|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256
m8a|EPYC 5th Gen|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,48xlarge 192 768,metal-24xl 96 384,metal-48xl 192 768
m8azn|EPYC 5th Gen|medium 1 4,large 2 8,xlarge 4 16,3xlarge 12 48,6xlarge 24 96,12xlarge 48 192,24xlarge 96 384,metal-12xl 48 192,metal-24xl 96 384
m8g|Graviton4|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,48xlarge 192 768,metal-24xl 96 384,metal-48xl 192 768
m8gb|Graviton4|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,48xlarge 192 768,metal-24xl 96 384,metal-48xl 192 768
m8gd|Graviton4|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,48xlarge 192 768,metal-24xl 96 384,metal-48xl 192 768
m8gn|Graviton4|medium 1 4,large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,48xlarge 192 768,metal-24xl 96 384,metal-48xl 192 768
m8i|Granite Rapids|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,48xlarge 192 768,96xlarge 384 1536,metal-48xl 192 768,metal-96xl 384 1536
m8i-flex|Granite Rapids|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256
m8id|Granite Rapids|large 2 8,xlarge 4 16,2xlarge 8 32,4xlarge 16 64,8xlarge 32 128,12xlarge 48 192,16xlarge 64 256,24xlarge 96 384,32xlarge 128 512,48xlarge 192 768,96xlarge 384 1536,metal-48xl 192 768,metal-96xl 384 1536
mac1|Coffee Lake|metal 12 32
r3|Sandy Bridge|large 2 15,xlarge 4 30.5,2xlarge 8 61,4xlarge 16 122,8xlarge 32 244
r4|Broadwell|large 2 15.25,xlarge 4 30.5,2xlarge 8 61,4xlarge 16 122,8xlarge 32 244,16xlarge 64 488
r5|Skylake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,metal 96 768
r5a|EPYC 1st Gen|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768
r5ad|EPYC 1st Gen|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768
r5b|Cascade Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,metal 96 768
r5d|Skylake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,metal 96 768
r5dn|Cascade Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,metal 96 768
r5n|Cascade Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,metal 96 768
r6a|EPYC 3rd Gen|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,48xlarge 192 1536,metal 192 1536
r6g|Graviton2|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,metal 64 512
r6gd|Graviton2|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,metal 64 512
r6i|Ice Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,metal 128 1024
r6id|Ice Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,metal 128 1024
r6idn|Ice Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,metal 128 1024
r6in|Ice Lake|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,metal 128 1024
r7a|EPYC 4th Gen|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,48xlarge 192 1536,metal-48xl 192 1536
r7g|Graviton3|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,metal 64 512
r7gd|Graviton3|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,metal 64 512
r7i|Sapphire Rapids|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
r7iz|Sapphire Rapids|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,32xlarge 128 1024,metal-16xl 64 512,metal-32xl 128 1024
r8a|EPYC 5th Gen|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
r8g|Graviton4|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
r8gb|Graviton4|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
r8gd|Graviton4|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
r8gn|Graviton4|medium 1 8,large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,48xlarge 192 1536,metal-24xl 96 768,metal-48xl 192 1536
r8i|Granite Rapids|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,48xlarge 192 1536,96xlarge 384 3072,metal-48xl 192 1536,metal-96xl 384 3072
r8i-flex|Granite Rapids|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512
r8id|Granite Rapids|large 2 16,xlarge 4 32,2xlarge 8 64,4xlarge 16 128,8xlarge 32 256,12xlarge 48 384,16xlarge 64 512,24xlarge 96 768,32xlarge 128 1024,48xlarge 192 1536,96xlarge 384 3072,metal-48xl 192 1536,metal-96xl 384 3072
t1|Sandy Bridge|micro 1 0.61
t2|Broadwell|medium 2 4,large 2 8,xlarge 4 16,2xlarge 8 32
t3|Skylake|nano 2 0.5,micro 2 1,small 2 2,medium 2 4,large 2 8,xlarge 4 16,2xlarge 8 32
t3a|EPYC 1st Gen|nano 2 0.5,micro 2 1,small 2 2,medium 2 4,large 2 8,xlarge 4 16,2xlarge 8 32
t4g|Graviton2|nano 2 0.5,micro 2 1,small 2 2,medium 2 4,large 2 8,xlarge 4 16,2xlarge 8 32
u-12tb1|Skylake|112xlarge 448 12288,metal 448 12288
u-18tb1|Cascade Lake|112xlarge 448 18432,metal 448 18432
u-24tb1|Cascade Lake|112xlarge 448 24576,metal 448 24576
u-3tb1|Skylake|56xlarge 224 3072
u-6tb1|Skylake|56xlarge 224 6144,112xlarge 448 6144,metal 448 6144
u-9tb1|Skylake|112xlarge 448 9216,metal 448 9216
u7i-12tb|Sapphire Rapids|224xlarge 896 12288
u7i-6tb|Sapphire Rapids|112xlarge 448 6144
u7i-8tb|Sapphire Rapids|112xlarge 448 8192
u7in-16tb|Sapphire Rapids|224xlarge 896 16384
u7in-24tb|Sapphire Rapids|224xlarge 896 24576
u7in-32tb|Sapphire Rapids|224xlarge 896 32768
u7inh-32tb|Sapphire Rapids|480xlarge 1920 32768
x1|Haswell|16xlarge 64 976,32xlarge 128 1952
x1e|Haswell|xlarge 4 122,2xlarge 8 244,4xlarge 16 488,8xlarge 32 976,16xlarge 64 1952,32xlarge 128 3904
x2gd|Graviton2|medium 1 16,large 2 32,xlarge 4 64,2xlarge 8 128,4xlarge 16 256,8xlarge 32 512,12xlarge 48 768,16xlarge 64 1024,metal 64 1024
x2idn|Ice Lake|16xlarge 64 1024,24xlarge 96 1536,32xlarge 128 2048,metal 128 2048
x2iedn|Ice Lake|xlarge 4 128,2xlarge 8 256,4xlarge 16 512,8xlarge 32 1024,16xlarge 64 2048,24xlarge 96 3072,32xlarge 128 4096,metal 128 4096
x2iezn|Cascade Lake|2xlarge 8 256,4xlarge 16 512,6xlarge 24 768,8xlarge 32 1024,12xlarge 48 1536,metal 48 1536
x8aedz|EPYC 5th Gen|large 2 64,xlarge 4 128,3xlarge 12 384,6xlarge 24 768,12xlarge 48 1536,24xlarge 96 3072,metal-12xl 48 1536,metal-24xl 96 3072
x8g|Graviton4|medium 1 16,large 2 32,xlarge 4 64,2xlarge 8 128,4xlarge 16 256,8xlarge 32 512,12xlarge 48 768,16xlarge 64 1024,24xlarge 96 1536,48xlarge 192 3072,metal-24xl 96 1536,metal-48xl 192 3072
x8i|Granite Rapids|large 2 32,xlarge 4 64,2xlarge 8 128,4xlarge 16 256,8xlarge 32 512,12xlarge 48 768,16xlarge 64 1024,24xlarge 96 1536,32xlarge 128 2048,48xlarge 192 3072,64xlarge 256 4096,96xlarge 384 6144,metal-48xl 192 3072,metal-96xl 384 6144
z1d|Skylake|large 2 16,xlarge 4 32,2xlarge 8 64,3xlarge 12 96,6xlarge 24 192,12xlarge 48 384,metal 48 384
`;
